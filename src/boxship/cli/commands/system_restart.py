"""``boxship system restart``: ends the daemon and starts it again."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.errors import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    from boxship.cli.connect import chosen_target
    from boxship.cli.service import control

    target = chosen_target(app.options, app.settings)
    daemon = control.find(target, "restart")
    if daemon is not None:
        control.restart(daemon)
        app.print(f"The daemon has restarted{daemon.after}.")
        return 0
    if not target.own:
        raise Failed(f"no daemon runs at {target.address}: start it there")
    from boxship.cli.autostart import ensure_daemon

    ensure_daemon(target.client().endpoint)
    app.print("No daemon ran; it has been started.")
    return 0


COMMAND = Command(
    _run,
    "",
    notes="The daemon keeps its command line. Containers keep running, unless the daemon was\n"
    "started with --no-live-restore.",
)
