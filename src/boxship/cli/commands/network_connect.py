"""``boxship network connect``: put a container into a network."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.flags.flag import Flag, many
from boxship.cli.run_flags.placed import key_values
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    network, container = arguments.positional
    endpoint: dict[str, object] = {
        "IPAMConfig": {
            "IPv4Address": arguments.text("ip"),
            "IPv6Address": arguments.text("ip6"),
            "LinkLocalIPs": arguments.texts("link-local-ip"),
        },
        "Links": arguments.texts("link") or None,
        "Aliases": arguments.texts("alias"),
        "DriverOpts": key_values(arguments.texts("driver-opt")),
    }
    if arguments.given("gw-priority"):
        endpoint["GwPriority"] = arguments.number("gw-priority")
    body = {"Container": container, "EndpointConfig": endpoint}
    app.client.call("POST", paths.network(network, "connect"), {}, body).read()
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS] NETWORK CONTAINER",
    (
        many("alias", "Further name in the network", shows="strings"),
        many("driver-opt", "Option for the driver, NAME=VALUE", shows="strings"),
        Flag("gw-priority", "Whose default route the highest one is", "int", default=0),
        Flag("ip", "IPv4 address"),
        Flag("ip6", "IPv6 address"),
        many("link", "Container to know by name, NAME[:ALIAS]"),
        many("link-local-ip", "Link-local address", shows="strings"),
    ),
    least=2,
    most=2,
)
