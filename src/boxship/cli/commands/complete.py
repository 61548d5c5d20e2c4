"""``boxship __complete``: what may stand next; called by the shells' scripts."""

from __future__ import annotations

from boxship.cli.command import MANY, Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    from boxship.cli import main
    from boxship.cli.app import App
    from boxship.cli.completion.candidates import answer
    from boxship.cli.errors import UsageError
    from boxship.cli.flags.parser import HelpWanted, parse

    def app_of(words: list[str]) -> App:
        try:
            return App(parse(main.GLOBAL_FLAGS, words))
        except (UsageError, HelpWanted):
            return app

    found = answer(app_of, main.load, main.GLOBAL_FLAGS, arguments.positional)
    for name, about in found.found:
        app.print(f"{name}\t{about}")
    if found.shell:
        app.print(f":{found.shell}")
    return 0


COMMAND = Command(_run, "WORD...", most=MANY, verbatim=True)
