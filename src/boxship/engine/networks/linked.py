"""Ports that links open (``--link``) where containers of the default bridge are kept apart.

The linked container's exposed ports, for the linking one alone, as long as both run.
"""

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from boxship.engine.containers import links
from boxship.engine.containers.store import Live
from boxship.engine.containers.validation.ports import PROTOCOLS
from boxship.engine.networks.network import ICC
from boxship.network.ruleset import Link

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_NETWORK = "bridge"


async def sync(engine: "Engine") -> None:
    """Bring the firewall to what containers are there now."""
    default = engine.networks.default
    if not default.wired or default.flag(ICC) or not await engine.networks.fabric.usable():
        return
    wanted = frozenset(row for live in engine.containers for row in _of(engine, live))
    await engine.networks.fabric.link(default.bridge, wanted)


async def leave(engine: "Engine", live: Live) -> None:
    """The container's address may be another's soon."""
    if live.network is not None and _NETWORK in live.network.endpoints:
        live.network.changing = _NETWORK
        await sync(engine)


def _of(engine: "Engine", live: Live) -> Iterator[Link]:
    """Of a linking container."""
    own = _address(live)
    for other, _ in links.linked(engine, live.container) if own is not None else ():
        target = engine.containers.by_id(other.id)
        address = _address(target) if target is not None else None
        if own is not None and address is not None:
            for port, protocol in links.ports(other):
                if protocol not in PROTOCOLS:
                    continue
                yield Link(own, address, protocol, port)


def _address(live: Live) -> ipaddress.IPv4Address | None:
    """While it is the container's for certain."""
    if live.network is None or live.network.changing == _NETWORK:
        return None
    settings = live.network.endpoints.get(_NETWORK)
    return ipaddress.IPv4Address(settings.ip_address) if settings and settings.ip_address else None
