"""``boxship network prune``: remove networks that nothing uses."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.filters import as_parameter, pruned
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.prompts import confirm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments

WARNING = "WARNING! This will remove all custom networks not used by at least one container."


def _run(app: App, arguments: Arguments) -> int:
    if not arguments.on("force") and not confirm(app, WARNING):
        return 0
    query = {"filters": as_parameter(pruned(app, arguments))}
    removed = app.client.json("POST", "/networks/prune", query).get("NetworksDeleted") or []
    if removed:
        app.print("Deleted Networks:\n" + "\n".join(removed) + "\n")
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS]",
    (
        Flag("filter", "Keep what does not match NAME=VALUE, such as until=24h", "filter"),
        switch("force", "Do not ask", "f"),
    ),
)
