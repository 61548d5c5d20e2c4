"""``boxship network inspect``: everything about networks."""

from __future__ import annotations

from boxship.cli.command import MANY, Command
from boxship.cli.flags.flag import object_format, switch
from boxship.cli.inspection import inspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    return inspect(
        app,
        arguments.positional,
        ("network",),
        arguments.text("format"),
        verbose=arguments.on("verbose"),
    )


COMMAND = Command(
    _run,
    "[OPTIONS] NETWORK [NETWORK...]",
    (object_format(), switch("verbose", "Show more, for diagnostics", "v")),
    least=1,
    most=MANY,
)
