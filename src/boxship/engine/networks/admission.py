"""Which containers a network takes, with which wishes; what it does not, in Docker's words."""

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from boxship.base.errors import Forbidden, InvalidParameter
from boxship.engine.containers.container import Container
from boxship.engine.containers.validation.endpoints import check_endpoint
from boxship.engine.networks import endpoint_options
from boxship.engine.networks.network import Network
from boxship.types.networking import EndpointIPAMConfig, EndpointSettings

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_NOT_CONFIGURED = (
    "user specified IP address is supported only when connecting to networks with user configured "
    "subnets"
)
_SHARING = (
    "container sharing network namespace with another container or host cannot be connected to "
    "any other network"
)
HOST_ONLY = "container cannot be disconnected from host network or connected to host network"
_PRIVATE = (
    "container cannot be connected to multiple networks with one of the networks in private (none) "
    "mode"
)


def check_mix(container: Container, network: Network) -> None:
    """Namespaces that are the host's, or nobody's, take no other interfaces."""
    mode = container.host_config.network_mode
    if network.config_only:
        raise Forbidden("cannot create endpoint on configuration-only network")
    if mode.startswith("container:") or mode == "host":
        raise Forbidden(_SHARING)
    if network.driver == "host":
        raise Forbidden(HOST_ONLY)
    if "none" in container.endpoints or (network.driver == "null" and container.endpoints):
        raise Forbidden(_PRIVATE)


def check_settings(network: Network, settings: EndpointSettings) -> None:
    """:class:`InvalidParameter` for wishes that the network cannot grant."""
    try:
        check_endpoint(network.name, settings, list(_flaws(network, settings)))
    except InvalidParameter as error:
        prefix = f"invalid config for network {network.name}: "
        raise InvalidParameter(str(error).removeprefix(prefix)) from None
    endpoint_options.check(settings)


def flaws(engine: "Engine", name: str, settings: EndpointSettings) -> list[str]:
    """What stands against a new container's wishes; a network that is missing may come yet."""
    network = engine.networks.find(name)
    return list(_flaws(network, settings)) if network is not None else []


def _flaws(network: Network, settings: EndpointSettings) -> Iterator[str]:
    asked = settings.ipam_config or EndpointIPAMConfig()
    for version, text in ((4, asked.ipv4_address), (6, asked.ipv6_address)):
        rows = [row for row in network.subnets if row.version == version and not row.chosen]
        if not text:
            continue
        if not network.own_subnets or not rows:
            yield _NOT_CONFIGURED
        elif not any(_lies_in(text, row.subnet) for row in rows):
            yield f"no configured subnet or ip-range contain the IP address {text}"


def _lies_in(text: str, subnet: str) -> bool:
    try:
        return ipaddress.ip_address(text) in ipaddress.ip_network(subnet)
    except ValueError:
        return False
