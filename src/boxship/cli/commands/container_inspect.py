"""``boxship container inspect``: everything about containers."""

from __future__ import annotations

from boxship.cli.command import MANY, Command
from boxship.cli.flags.flag import object_format, switch
from boxship.cli.inspection import inspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    size = arguments.on("size")
    template = arguments.text("format")
    return inspect(app, arguments.positional, ("container",), template, size=size)


COMMAND = Command(
    _run,
    "[OPTIONS] CONTAINER [CONTAINER...]",
    (object_format(), switch("size", "Add the sizes of files", "s")),
    least=1,
    most=MANY,
)
