"""Which of a container's networks lead out: the one of the highest priority, then by name."""

import ipaddress
from typing import TYPE_CHECKING

from boxship.engine.containers.store import Live
from boxship.engine.networks.network import Network
from boxship.network.ipam import Address
from boxship.types.networking import EndpointSettings

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


def _gateway(settings: EndpointSettings, version: int) -> str:
    return settings.gateway if version == 4 else settings.ipv6_gateway


def gateway_endpoint(
    engine: "Engine", live: Live, version: int = 4, but: str = ""
) -> tuple[str, Network] | None:
    """The network with the default route, under the name that the container knows it by; *but*:
    as if it were not on the one of that name."""
    connected = live.network.endpoints if live.network else {}
    found = [
        (-settings.gw_priority, name)
        for name, settings in connected.items()
        if name != but and _gateway(settings, version) and engine.networks.find(name) is not None
    ]
    if not found:
        return None
    _, name = min(found)
    return name, engine.networks.get(name)


def gateways(engine: "Engine", live: Live) -> list[Address]:
    """Of the default routes: at most one for each version."""
    found: list[Address] = []
    for version in (4, 6):
        chosen = gateway_endpoint(engine, live, version)
        if chosen is not None:
            settings = live.container.endpoints[chosen[0]]
            found.append(ipaddress.ip_address(_gateway(settings, version)))
    return found
