"""``boxship kill``: send a signal (KILL unless told) to running containers."""

from __future__ import annotations

from boxship.cli.command import MANY, Command
from boxship.cli.each import for_each
from boxship.cli.flags.flag import Flag
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    query = {"signal": arguments.text("signal") or None}
    return for_each(
        app,
        arguments.positional,
        lambda client, name: client.call("POST", paths.container(name, "kill"), query).read(),
    )


COMMAND = Command(
    _run,
    "[OPTIONS] CONTAINER [CONTAINER...]",
    (Flag("signal", "Signal to send (default KILL)", short="s"),),
    least=1,
    most=MANY,
)
