"""``boxship unpause``: let frozen containers go on."""

from __future__ import annotations

from boxship.cli.command import MANY, Command
from boxship.cli.each import for_each
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    return for_each(
        app,
        arguments.positional,
        lambda client, name: client.call("POST", paths.container(name, "unpause")).read(),
    )


COMMAND = Command(_run, "CONTAINER [CONTAINER...]", least=1, most=MANY)
