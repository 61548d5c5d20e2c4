"""``boxship wait``: wait for containers to stop and print their exit codes."""

from __future__ import annotations

from boxship.base.errors import BoxshipError
from boxship.cli.command import MANY, Command
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    errors: list[str] = []
    for name in arguments.positional:
        try:
            answer = app.client.json("POST", paths.container(name, "wait"))
            app.print(str(answer["StatusCode"]))
        except BoxshipError as error:
            errors.append(str(error))
    for text in errors:
        app.warn(text)
    return 1 if errors else 0


COMMAND = Command(_run, "CONTAINER [CONTAINER...]", least=1, most=MANY)
