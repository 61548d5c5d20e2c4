"""``boxship network disconnect``: take a container out of a network."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.flags.flag import switch
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    network, container = arguments.positional
    body = {"Container": container, "Force": arguments.on("force")}
    app.client.call("POST", paths.network(network, "disconnect"), {}, body).read()
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS] NETWORK CONTAINER",
    (switch("force", "Do it even if the container cannot be asked", "f"),),
    least=2,
    most=2,
)
