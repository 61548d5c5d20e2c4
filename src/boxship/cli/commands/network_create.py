"""``boxship network create``: make a network."""

from __future__ import annotations

from boxship.cli.address_pools import address_pools
from boxship.cli.command import Command
from boxship.cli.flags.flag import Flag, many, switch
from boxship.cli.run_flags.placed import key_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    name = arguments.positional[0]
    pools = address_pools(
        arguments.texts("subnet"),
        arguments.texts("ip-range"),
        arguments.texts("gateway"),
        key_values(arguments.texts("aux-address")),
    )
    source = arguments.text("config-from")
    body = {
        "Name": name,
        "CheckDuplicate": True,
        "Driver": arguments.text("driver"),
        "Options": key_values(arguments.texts("opt")),
        "IPAM": {
            "Driver": arguments.text("ipam-driver"),
            "Options": key_values(arguments.texts("ipam-opt")),
            "Config": pools,
        },
        "Internal": arguments.on("internal"),
        "EnableIPv6": arguments.on("ipv6"),
        "Attachable": arguments.on("attachable"),
        "Ingress": arguments.on("ingress"),
        "Scope": arguments.text("scope"),
        "ConfigOnly": arguments.on("config-only"),
        "ConfigFrom": {"Network": source} if source else None,
        "Labels": key_values(arguments.texts("label")),
    }
    if arguments.given("ipv4"):
        body["EnableIPv4"] = arguments.on("ipv4")
    app.print(app.client.json("POST", "/networks/create", {}, body)["Id"])
    return 0


def _addresses(name: str, summary: str) -> Flag:
    return many(name, summary, shows="strings")


COMMAND = Command(
    _run,
    "[OPTIONS] NETWORK",
    (
        switch("attachable", "Let containers be connected by hand"),
        many("aux-address", "Address that the driver uses itself, NAME=ADDRESS", shows="map"),
        Flag("config-from", "Network whose configuration to copy"),
        switch("config-only", "Keep a configuration for other networks, nothing more"),
        Flag("driver", "What makes it", short="d", default="bridge"),
        _addresses("gateway", "Address of the gateway in the subnet"),
        switch("ingress", "Make the routing mesh of a swarm"),
        switch("internal", "Let nothing out of the network"),
        _addresses("ip-range", "Part of the subnet that containers get addresses of"),
        Flag("ipam-driver", "What hands out addresses", default="default"),
        many("ipam-opt", "Option for what hands out addresses, NAME=VALUE", shows="map"),
        switch("ipv4", "Use IPv4, unless it is false", default=True),
        switch("ipv6", "Use IPv6 as well"),
        many("label", "Label, NAME=VALUE"),
        many("opt", "Option for the driver, NAME=VALUE", "o", shows="map"),
        Flag("scope", "How far it reaches"),
        _addresses("subnet", "Its addresses, as in 10.9.0.0/16"),
    ),
    least=1,
    most=1,
)
