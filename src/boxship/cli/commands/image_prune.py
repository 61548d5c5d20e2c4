"""``boxship image prune``: remove images that nothing uses."""

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

DANGLING = "WARNING! This will remove all dangling images."
UNUSED = "WARNING! This will remove all images without at least one container associated to them."


def _run(app: App, arguments: Arguments) -> int:
    every = arguments.on("all")
    if not arguments.on("force") and not confirm(app, UNUSED if every else DANGLING):
        return 0
    wanted = [f"dangling={'false' if every else 'true'}", *pruned(app, arguments)]
    report = app.client.json("POST", "/images/prune", {"filters": as_parameter(wanted)})
    app.print(deleted_text(report), end="")
    app.print(f"Total reclaimed space: {human_size(report.get('SpaceReclaimed', 0))}")
    return 0


def deleted_text(report: dict[str, list[dict[str, str]] | None]) -> str:
    """The list of removed images and names; nothing if there are none."""
    lines = [
        f"untagged: {change['Untagged']}"
        if change.get("Untagged")
        else f"deleted: {change['Deleted']}"
        for change in report.get("ImagesDeleted") or []
    ]
    return "\n".join(["Deleted Images:", *lines, "", ""]) if lines else ""


COMMAND = Command(
    _run,
    "[OPTIONS]",
    (
        switch("all", "Remove every image without a container, not just nameless ones", "a"),
        Flag("filter", "Keep what does not match NAME=VALUE, such as until=24h", "filter"),
        switch("force", "Do not ask", "f"),
    ),
)
