"""``boxship diff``: what changed in a container's file system."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments

# ChangeType of the Engine API: modified, added, deleted.
KINDS = "CAD"


def _run(app: App, arguments: Arguments) -> int:
    changes = app.client.json("GET", paths.container(arguments.positional[0], "changes"))
    for change in changes or []:
        app.print(f"{KINDS[change['Kind']]} {change['Path']}")
    return 0


COMMAND = Command(_run, "CONTAINER", least=1, most=1)
