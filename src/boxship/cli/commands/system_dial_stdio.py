"""``boxship system dial-stdio``: the far end of ``ssh://`` addresses."""

from __future__ import annotations

from boxship.cli.command import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    from boxship.cli.pump import Pump

    stream = app.client.raw()
    try:
        Pump(stream, 0, None).run()
    finally:
        stream.close()
    return 0


COMMAND = Command(
    _run, "", notes="Standard input and output become a connection to the daemon, byte for byte."
)
