"""``boxship volume prune``: remove volumes that nothing uses."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.filters import as_parameter, pruned
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.output.units import human_size
from boxship.cli.prompts import confirm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments

ANONYMOUS = "WARNING! This will remove anonymous local volumes not used by at least one container."
EVERY = "WARNING! This will remove all local volumes not used by at least one container."
# Before this version of the API, pruning meant named volumes too.
ALL_SINCE = (1, 42)


def _run(app: App, arguments: Arguments) -> int:
    every = arguments.on("all")
    given = pruned(app, arguments)
    if every and any(text.startswith("all=") for text in given):
        raise Failed("conflicting options: cannot specify both --all and --filter all=1")
    wide = every or app.client.version < ALL_SINCE
    if not arguments.on("force") and not confirm(app, EVERY if wide else ANONYMOUS):
        return 0
    if every and app.client.version >= ALL_SINCE:
        given = [*given, "all=true"]
    report = app.client.json("POST", "/volumes/prune", {"filters": as_parameter(given)})
    removed = report.get("VolumesDeleted") or []
    if removed:
        app.print("Deleted Volumes:\n" + "\n".join(removed) + "\n")
    app.print(f"Total reclaimed space: {human_size(report.get('SpaceReclaimed', 0))}")
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS]",
    (
        switch("all", "Remove every unused volume, not just nameless ones", "a"),
        Flag("filter", "Keep what does not match NAME=VALUE, such as label=keep", "filter"),
        switch("force", "Do not ask", "f"),
    ),
)
