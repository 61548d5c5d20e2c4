"""A container on its networks, from before its start until after its end.

The order: addresses are taken and recorded, then the namespace is made and filled, then ports are
published, then the container starts inside. Its end gives back what the record names.
"""

import hashlib
import ipaddress
from typing import TYPE_CHECKING, Any

from boxship.base.errors import BoxshipError, Internal, InvalidParameter
from boxship.base.ids import new_id
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import Live
from boxship.engine.networks import bridges, ports, record
from boxship.engine.networks.naming import dns_names
from boxship.engine.networks.network import ICC, Network, interface
from boxship.engine.networks.record import Published, Record
from boxship.network import ipam
from boxship.network.endpoint import Endpoint
from boxship.network.fabric import Wiring
from boxship.network.firewall import Publication
from boxship.network.ipam import Address
from boxship.network.namespace import Namespace
from boxship.types.networking import EndpointSettings

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_HOST_NAME = 11


def bridged(engine: "Engine", container: Container) -> list[tuple[str, Network]]:
    """Its networks of driver bridge: the one of its mode first, which gets the first interface."""
    rows = [(name, engine.networks.get(name)) for name in container.endpoints]
    found = [(name, network) for name, network in rows if network.driver == "bridge"]
    mode = container.host_config.network_mode
    return sorted(found, key=lambda row: row[0] != mode)


def check(engine: "Engine", container: Container) -> None:
    """:class:`NotFound` for a network that the container wants and that is not there."""
    for name in container.endpoints:
        engine.networks.get(name)


async def prepare(engine: "Engine", live: Live) -> Namespace | None:
    """The namespace for the container to start in; None when it gets one with loopback only,
    or none of its own. On an error nothing is left."""
    container = live.container
    rows = bridged(engine, container)
    if not rows:
        return None
    for _, network in rows:
        if not await bridges.realize(engine, network):
            return None
    live.network = Record()
    made: Namespace | None = None
    try:
        for name, network in rows:
            take_address(engine, live, name, network)
        record.write(engine, live.id, live.network)
        endpoints = [endpoint_for(live, name, network) for name, network in rows]
        made = await engine.networks.fabric.wire(Wiring(endpoints, gateways(engine, live)))
        await publish(engine, live)
    except BaseException as error:
        if made is not None:
            made.close()
        await release(engine, live)
        if isinstance(error, OSError):
            raise Internal(f"cannot attach {container.name} to its networks: {error}") from None
        raise
    return made


def take_address(engine: "Engine", live: Live, name: str, network: Network) -> None:
    """Fill in the endpoint's settings with what it gets, and note it in the record."""
    assert live.network is not None
    settings = live.container.endpoints[name]
    address = _allocate(engine, network, settings)
    row = network.ipv4
    assert row is not None
    settings.network_id = network.id
    settings.endpoint_id = new_id()
    settings.ip_address = str(address)
    settings.ip_prefix_len = ipaddress.IPv4Network(row.subnet).prefixlen
    settings.gateway = "" if network.internal else row.gateway
    if settings.mac_address:
        live.container.tags.setdefault("macs", {})[name] = settings.mac_address
    else:
        settings.mac_address = ipam.mac_for(address)
    settings.dns_names = dns_names(live.container, network, settings)
    live.network.endpoints[name] = settings
    live.network.interfaces[name] = live.network.next_interface()


def _allocate(
    engine: "Engine", network: Network, settings: EndpointSettings
) -> ipaddress.IPv4Address:
    pool = engine.networks.pool(network)
    wanted = settings.ipam_config.ipv4_address if settings.ipam_config else ""
    if wanted:
        address = ipaddress.IPv4Address(wanted)
        pool.take(address)
        return address
    try:
        return ipaddress.IPv4Address(int(pool.allocate()))
    except InvalidParameter:
        raise Internal(
            f"no available IPv4 addresses on this network's address pools: "
            f"{network.name} ({network.id})"
        ) from None


def host_name(settings: EndpointSettings) -> str:
    """The host's end of the pair; another one each time, for the old may still be going."""
    return f"veth{settings.endpoint_id[:_HOST_NAME]}"


def endpoint_for(live: Live, name: str, network: Network) -> Endpoint:
    assert live.network is not None and network.ipv4 is not None
    settings = live.container.endpoints[name]
    return Endpoint(
        host_name(settings),
        live.network.interfaces[name],
        settings.mac_address,
        (interface(settings.ip_address, network.ipv4.subnet),),
        network.bridge,
        isolated=not network.flag(ICC),
        mtu=network.mtu,
    )


def gateway_endpoint(engine: "Engine", live: Live) -> tuple[str, Network] | None:
    """The one with the default route: highest priority, then by name; internal ones have none."""
    connected = live.network.endpoints if live.network else {}
    rows = [(name, engine.networks.find(name)) for name in connected]
    usable = [(name, net) for name, net in rows if net is not None and not net.internal]
    usable.sort(key=lambda row: (-live.container.endpoints[row[0]].gw_priority, row[0]))
    return usable[0] if usable else None


def gateways(engine: "Engine", live: Live) -> list[Address]:
    """Of the default routes: at most one for each version."""
    chosen = gateway_endpoint(engine, live)
    if chosen is None or not live.container.endpoints[chosen[0]].gateway:
        return []
    return [ipaddress.ip_address(live.container.endpoints[chosen[0]].gateway)]


async def publish(engine: "Engine", live: Live) -> None:
    """The container's ports, on the endpoint that has the default route; all or none."""
    chosen = gateway_endpoint(engine, live)
    if chosen is None or live.network is None:
        return
    wanted = ports.wishes(live.container, bridges.host_address(chosen[1]))
    if not wanted:
        return
    settings = live.container.endpoints[chosen[0]]
    target = ipaddress.IPv4Address(settings.ip_address)
    try:
        rows = await engine.networks.fabric.publish(wanted, target)
    except Internal as error:
        raise Internal(
            "driver failed programming external connectivity on endpoint "
            f"{live.container.name} ({settings.endpoint_id}): {error}"
        ) from None
    live.network.published = [_published(row) for row in rows]
    live.container.tags["ports"] = ports.port_map(rows)
    record.write(engine, live.id, live.network)


def _published(row: Publication) -> Published:
    return Published(row.protocol, str(row.host), row.port, str(row.target), row.target_port)


async def withdraw(engine: "Engine", live: Live) -> None:
    """Nothing of the container's is published any more."""
    if live.network is not None and live.network.published:
        await engine.networks.fabric.withdraw(live.network.publications())
        live.network.published = []
    live.container.tags.pop("ports", None)


async def release(engine: "Engine", live: Live) -> None:
    """The container has ended, or never started: give back addresses and ports.

    It stays known to its networks, without endpoints. Its interfaces go with its namespace.
    """
    await withdraw(engine, live)
    for name in live.container.endpoints:
        give_back(engine, live, name)
    live.network = None


def give_back(engine: "Engine", live: Live, name: str) -> None:
    """The address of one endpoint, whose settings then are what the user asked for."""
    settings = live.container.endpoints[name]
    network = engine.networks.find(name)
    held = live.network is not None and live.network.endpoints.pop(name, None) is not None
    if live.network is not None:
        live.network.interfaces.pop(name, None)
    if held and network is not None and network.ipv4 is not None:
        engine.networks.pool(network).release(ipaddress.IPv4Address(settings.ip_address))
    forget_settings(live.container, name)


def forget_settings(container: Container, name: str) -> None:
    settings = container.endpoints[name]
    settings.endpoint_id = settings.gateway = settings.ip_address = ""
    settings.ip_prefix_len = 0
    wanted: dict[str, str] = container.tags.get("macs") or {}
    settings.mac_address = wanted.get(name, "")


def attach(engine: "Engine", container: Container) -> None:
    """Fill in the endpoints that have no interface; told again, the answer is the same."""
    for name, endpoint in container.endpoints.items():
        network = engine.networks.get(name)
        endpoint.network_id = network.id
        if not endpoint.endpoint_id:
            run = str(container.state.started_at)
            endpoint.endpoint_id = _derived(container.id, endpoint.network_id, run)


def _derived(*parts: str) -> str:
    """An id that is the same each time it is asked for."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()


async def adopt(engine: "Engine", live: Live) -> None:
    """Know again what a container that outlived a daemon has."""
    known = record.read(engine, live.id)
    container = live.container
    if known is not None:
        live.network = known
        container.endpoints |= known.endpoints
        for name, settings in known.endpoints.items():
            await _take_again(engine, name, settings)
        rows = known.publications()
        if rows and await engine.networks.fabric.usable():
            await engine.networks.fabric.publish_again(rows)
        container.tags["ports"] = ports.port_map(rows)
    attach(engine, container)


async def _take_again(engine: "Engine", name: str, settings: EndpointSettings) -> None:
    network = engine.networks.find(name)
    if network is None or not await bridges.realize(engine, network):
        return
    try:
        engine.networks.pool(network).take(ipaddress.IPv4Address(settings.ip_address))
    except BoxshipError:
        return


def emit(engine: "Engine", container: Container, action: str) -> None:
    """``connect`` and ``disconnect`` for each network of the container."""
    for name in container.endpoints:
        network = engine.networks.find(name)
        if network is not None:
            emit_one(engine, container, network, action)


def emit_one(engine: "Engine", container: Container, network: Network, action: str) -> None:
    attributes = {"container": container.id, "name": network.name, "type": network.driver}
    engine.events.emit("network", action, network.id, attributes)


def sandbox(container: Container) -> tuple[str, str]:
    """Id and path of a running container's network namespace."""
    shared = container.host_config.network_mode.startswith("container:")
    if shared or not container.state.running or not container.state.pid:
        return "", ""
    key = f"/proc/{container.state.pid}/ns/net"
    return _derived(container.id, "sandbox", str(container.state.started_at)), key


def endpoints_on(engine: "Engine", network: Network) -> dict[str, Any]:
    """``Containers`` of a network: those that run and are attached to it."""
    found: dict[str, Any] = {}
    for live in engine.containers:
        for settings in live.container.endpoints.values():
            if settings.network_id == network.id and settings.endpoint_id:
                found[live.id] = _row(live.container, settings)
    return found


def _row(container: Container, settings: EndpointSettings) -> dict[str, str]:
    address = f"{settings.ip_address}/{settings.ip_prefix_len}" if settings.ip_address else ""
    return {
        "Name": container.name,
        "EndpointID": settings.endpoint_id,
        "MacAddress": settings.mac_address,
        "IPv4Address": address,
        "IPv6Address": "",
    }
