"""``boxship network rm``: remove networks."""

from __future__ import annotations

from boxship.base.errors import NotFound
from boxship.cli.command import MANY, Command
from boxship.cli.each import Absent, for_each
from boxship.cli.flags.flag import switch
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.client.client import Client


def _run(app: App, arguments: Arguments) -> int:
    force = arguments.on("force")

    def remove(client: Client, name: str) -> None:
        try:
            client.call("DELETE", paths.network(name)).read()
        except NotFound as error:
            if not force:
                raise
            raise Absent from error

    return for_each(app, arguments.positional, remove)


COMMAND = Command(
    _run,
    "NETWORK [NETWORK...]",
    (switch("force", "Do not mind what is not there", "f"),),
    least=1,
    most=MANY,
)
