"""A container's published ports, from its start until its end."""

import contextlib
import ipaddress
import logging
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, Internal
from boxship.engine.containers.store import Live
from boxship.engine.networks import linked, ports, record
from boxship.engine.networks.gateways import gateway_endpoint
from boxship.engine.networks.network import HOST_ADDRESS, Network
from boxship.engine.networks.record import Published
from boxship.network.fabric import Targets
from boxship.network.ipam import Address
from boxship.network.ruleset import Publication

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_log = logging.getLogger(__name__)
_ANY: tuple[Address, Address] = (ipaddress.IPv4Address(0), ipaddress.IPv6Address(0))


def _target(
    engine: "Engine", live: Live, version: int, but: str = ""
) -> tuple[Network, Address] | None:
    """The address on the bridge network with the default route."""
    chosen = gateway_endpoint(engine, live, version, but)
    if chosen is None or chosen[1].driver != "bridge":
        return None
    settings = live.container.endpoints[chosen[0]]
    text = settings.ip_address if version == 4 else settings.global_ipv6_address
    return chosen[1], ipaddress.ip_address(text)


def _targets(found: list[tuple[Network, Address] | None]) -> Targets:
    modes = {4: found[0], 6: found[1]}
    direct = [v for v, row in modes.items() if row and row[0].gateway_mode(v) == "routed"]
    ipv4, ipv6 = (row[1] if row else None for row in found)
    return Targets(ipv4, ipv6, frozenset(direct))


async def _default_hosts(
    engine: "Engine", network: Network, targets: Targets
) -> tuple[Address, ...]:
    """Where a port is published whose user names no address."""
    configured = ipaddress.ip_address(network.options.get(HOST_ADDRESS) or "0.0.0.0")
    if not configured.is_unspecified:
        return (configured,)
    fabric = engine.networks.fabric
    hosts = [*_ANY[:1]] if targets.ipv4 or fabric.publishing.proxy else []
    reachable = targets.ipv6 is not None or fabric.publishing.proxy
    if reachable and await fabric.listens_on_ipv6():
        hosts.append(_ANY[1])
    return tuple(hosts)


async def publish(engine: "Engine", live: Live, but: str = "") -> None:
    """The container's ports, on the endpoints that have the default routes, wherever they led
    before; all, or everything stays as it was. *but*: as if it were not on that network."""
    if live.network is None or not ports.any_wanted(live.container):
        return
    found = [_target(engine, live, version, but) for version in (4, 6)]
    networks = [row[0] for row in found if row]
    before = live.network.publications()
    targets = _targets(found)
    hosts = await _default_hosts(engine, networks[0], targets) if networks else ()
    wanted = ports.wishes(live.container, hosts, before) if networks else []
    if not wanted:
        await withdraw(engine, live)
        return
    try:
        rows = await engine.networks.fabric.publish(wanted, targets, before)
        if rows != before:
            await _carry(engine, live, rows)
    except (Internal, OSError) as error:
        endpoint = gateway_endpoint(engine, live) or gateway_endpoint(engine, live, 6)
        settings = live.container.endpoints[endpoint[0]] if endpoint else None
        raise Internal(
            "driver failed programming external connectivity on endpoint "
            f"{live.container.name} ({settings.endpoint_id if settings else ''}): {error}"
        ) from None
    _note(live, rows)
    record.write(engine, live.id, live.network)


async def _carry(engine: "Engine", live: Live, rows: list[Publication]) -> None:
    """Hand what takes a process over to it; on an error nothing stays published."""
    fabric = engine.networks.fabric
    try:
        proxied = await fabric.proxied(rows)
        engine.proxy.shut(live.id)
        if proxied:
            engine.proxy.open(live.id, proxied)
            if live.shim is not None:
                started(engine, live)
    except BaseException:
        engine.proxy.shut(live.id)
        await fabric.withdraw(rows)
        _note(live, [])
        raise


def _note(live: Live, rows: list[Publication]) -> None:
    assert live.network is not None
    live.network.published = [
        Published(row.protocol, str(row.host), row.port, str(row.target), row.target_port)
        for row in rows
    ]
    live.container.tags["ports"] = ports.port_map(rows)


def started(engine: "Engine", live: Live) -> None:
    """The container has a process: its ports end with it, even while there is no daemon."""
    with contextlib.suppress(OSError):
        engine.proxy.follow(live.id, live.container.state.pid)


async def withdraw(engine: "Engine", live: Live) -> None:
    """Nothing of the container's is published any more, and its ports are free."""
    await engine.proxy.free(live.id)
    if live.network is not None and live.network.published:
        await engine.networks.fabric.withdraw(live.network.publications())
        live.network.published = []
        # A process that takes the place of one that died may have been given them meanwhile.
        await engine.proxy.free(live.id)
    live.container.tags.pop("ports", None)


async def adopt(engine: "Engine", live: Live, rows: list[Publication]) -> None:
    """What a container that outlived a daemon has published."""
    if rows and await engine.networks.fabric.usable():
        await engine.networks.fabric.publish_again(rows)
        if live.id not in engine.proxy.served:
            await _carry_again(engine, live, rows)
    live.container.tags["ports"] = ports.port_map(rows)


async def restore_proxy(engine: "Engine") -> None:
    """The process has ended that carries ports: another one takes its place."""
    for live in engine.containers:
        if live.network is not None and live.network.published:
            await _carry_again(engine, live, live.network.publications())


async def _carry_again(engine: "Engine", live: Live, rows: list[Publication]) -> None:
    try:
        proxied = await engine.networks.fabric.proxied(rows)
        if proxied:
            engine.proxy.open(live.id, proxied)
            started(engine, live)
    except (BoxshipError, OSError) as error:
        _log.warning("container %s: ports are not forwarded: %s", live.container.name, error)


async def sweep(engine: "Engine") -> None:
    """At the daemon's start, when all containers are known: nothing stays of others."""
    running = {live.id for live in engine.containers if live.shim is not None}
    for container in engine.proxy.served - running:
        engine.proxy.shut(container)
    await linked.sync(engine)
    await engine.networks.fabric.settle()
