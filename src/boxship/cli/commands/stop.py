"""``boxship stop``: ask containers to end, and kill those that do not."""

from __future__ import annotations

from boxship.cli.command import MANY, Command
from boxship.cli.each import for_each
from boxship.cli.flags.flag import Flag
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def stopping(verb: str) -> Command:
    """The command whose *verb* (stop, restart) the API serves with a signal and a time."""

    def run(app: App, arguments: Arguments) -> int:
        query = {
            "signal": arguments.text("signal") or None,
            "t": arguments.text("time") if arguments.given("time") else None,
        }
        return for_each(
            app,
            arguments.positional,
            lambda client, name: client.call("POST", paths.container(name, verb), query).read(),
        )

    return Command(
        run,
        "[OPTIONS] CONTAINER [CONTAINER...]",
        (
            Flag("signal", "Signal to send first", short="s"),
            Flag("time", "Seconds to wait before killing", "int", short="t", aliases=("timeout",)),
        ),
        least=1,
        most=MANY,
    )


COMMAND = stopping("stop")
