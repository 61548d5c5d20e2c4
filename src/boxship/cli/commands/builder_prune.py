"""``boxship builder prune``: remove what the builder keeps to build faster."""

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

WARNING = "WARNING! This will remove all {}build cache."


def _run(app: App, arguments: Arguments) -> int:
    every = arguments.on("all")
    warning = WARNING.format("" if every else "dangling ")
    if not arguments.on("force") and not confirm(app, warning, " "):
        return 0
    query = {
        "all": every or None,
        "keep-storage": arguments.number("keep-storage"),
        "filters": as_parameter(pruned(app, arguments)),
    }
    report = app.client.json("POST", "/build/prune", query)
    removed = report.get("CachesDeleted") or []
    if removed:
        app.print("Deleted build cache objects:\n" + "\n".join(removed) + "\n")
    app.print(f"Total reclaimed space: {human_size(report.get('SpaceReclaimed', 0))}")
    return 0


COMMAND = Command(
    _run,
    "",
    (
        switch("all", "Remove everything that no build uses now", "a"),
        Flag("filter", "Keep what does not match NAME=VALUE, such as until=24h", "filter"),
        switch("force", "Do not ask", "f"),
        Flag("keep-storage", "Bytes that may stay", "bytes", default=0),
    ),
)
