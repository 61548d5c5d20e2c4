"""``boxship system stop``: ends the daemon."""

from __future__ import annotations

from boxship.cli.command import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    from boxship.cli.connect import chosen_target
    from boxship.cli.service import control

    target = chosen_target(app.options, app.settings)
    daemon = control.find(target, "stop")
    if daemon is None:
        app.print(f"No daemon runs at {target.address}.")
        return 0
    control.stop(daemon)
    app.print(f"The daemon has stopped{daemon.after}.")
    return 0


COMMAND = Command(
    _run,
    "",
    notes="Containers keep running, unless the daemon was started with --no-live-restore.\n"
    "The next command that needs the daemon starts it again, unless BOXSHIP_AUTOSTART=0.",
)
