"""``boxship rm``: remove containers."""

from __future__ import annotations

from boxship.base.errors import NotFound
from boxship.cli.command import MANY, Command
from boxship.cli.each import Harmless, for_each
from boxship.cli.flags.flag import switch
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.client.client import Client


def _run(app: App, arguments: Arguments) -> int:
    query = {
        "force": arguments.on("force"),
        "link": arguments.on("link"),
        "v": arguments.on("volumes"),
    }

    def remove(client: Client, name: str) -> None:
        try:
            client.call("DELETE", paths.container(name.strip("/")), query).read()
        except NotFound as error:
            if not arguments.on("force"):
                raise
            # Forced removal asks for absence, and it is absent.
            raise Harmless(str(error)) from None

    return for_each(app, arguments.positional, remove)


COMMAND = Command(
    _run,
    "[OPTIONS] CONTAINER [CONTAINER...]",
    (
        switch("force", "Kill a running container first", "f"),
        switch("link", "Remove the link of this name instead", "l"),
        switch("volumes", "Remove the container's anonymous volumes too", "v"),
    ),
    least=1,
    most=MANY,
)
