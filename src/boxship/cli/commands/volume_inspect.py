"""``boxship volume inspect``: everything about volumes."""

from __future__ import annotations

from boxship.cli.command import MANY, Command
from boxship.cli.flags.flag import object_format
from boxship.cli.inspection import inspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    return inspect(app, arguments.positional, ("volume",), arguments.text("format"))


COMMAND = Command(_run, "[OPTIONS] VOLUME [VOLUME...]", (object_format(),), least=1, most=MANY)
