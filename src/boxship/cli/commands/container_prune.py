"""``boxship container prune``: remove all stopped containers."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.filters import as_parameter, pruned
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.output.units import human_size
from boxship.cli.prompts import confirm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments

WARNING = "WARNING! This will remove all stopped containers."


def _run(app: App, arguments: Arguments) -> int:
    if not arguments.on("force") and not confirm(app, WARNING):
        return 0
    query = {"filters": as_parameter(pruned(app, arguments))}
    report = app.client.json("POST", "/containers/prune", query)
    removed = report.get("ContainersDeleted") or []
    if removed:
        app.print("Deleted Containers:\n" + "\n".join(removed) + "\n")
    app.print(f"Total reclaimed space: {human_size(report.get('SpaceReclaimed', 0))}")
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS]",
    (
        Flag("filter", "Keep what does not match NAME=VALUE, such as until=24h", "filter"),
        switch("force", "Do not ask", "f"),
    ),
)
