"""``boxship inspect``: everything about objects of any type."""

from __future__ import annotations

from boxship.cli.command import MANY, Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, object_format, switch
from boxship.cli.inspection import KINDS, inspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    kind = arguments.text("type")
    if kind and kind not in KINDS:
        raise Failed(f'"{kind}" is not a valid value for --type')
    kinds = (kind,) if kind else tuple(KINDS)
    size = arguments.on("size")
    return inspect(app, arguments.positional, kinds, arguments.text("format"), size=size)


COMMAND = Command(
    _run,
    "[OPTIONS] NAME|ID [NAME|ID...]",
    (
        object_format(),
        switch("size", "Add the sizes of a container's files", "s"),
        Flag("type", "Look for this type only"),
    ),
    least=1,
    most=MANY,
)
