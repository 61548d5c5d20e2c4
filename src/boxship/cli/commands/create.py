"""``boxship create``: make a container and print its id."""

from __future__ import annotations

from boxship.base.errors import BoxshipError
from boxship.cli import creation
from boxship.cli.command import MANY, Command
from boxship.cli.run_flags.table import FLAGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    body = creation.body_of(app, arguments, "create")
    try:
        app.print(creation.create(app, arguments, body))
    except BoxshipError as error:
        app.warn(str(error))
        return 1
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS] IMAGE [COMMAND] [ARG...]",
    (*FLAGS, *creation.FLAGS),
    least=1,
    most=MANY,
    interspersed=False,
)
