"""``boxship rmi``: remove names of images, and images that lose their last one."""

from __future__ import annotations

from boxship.base.errors import BoxshipError, NotFound
from boxship.cli.command import MANY, Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import switch
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    query = {"force": arguments.on("force"), "noprune": arguments.on("no-prune")}
    errors: list[BoxshipError] = []
    for name in arguments.positional:
        try:
            for change in app.client.json("DELETE", paths.image(name), query) or []:
                _show(app, change)
        except BoxshipError as error:
            errors.append(error)
    for found in errors:
        app.warn(str(found))
    if errors and not (arguments.on("force") and all(isinstance(e, NotFound) for e in errors)):
        raise Failed()
    return 0


def _show(app: App, change: dict[str, str]) -> None:
    if change.get("Deleted"):
        app.print(f"Deleted: {change['Deleted']}")
    else:
        app.print(f"Untagged: {change.get('Untagged', '')}")


COMMAND = Command(
    _run,
    "[OPTIONS] IMAGE [IMAGE...]",
    (
        switch("force", "Remove it although containers use it", "f"),
        switch("no-prune", "Keep untagged parents"),
    ),
    least=1,
    most=MANY,
)
