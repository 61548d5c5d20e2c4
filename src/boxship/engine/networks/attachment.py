"""A container on its networks, from before its start until after its end.

The order: addresses are taken and recorded, then the namespace is filled and ports are published
while the container is set up inside, then its program starts. Its end gives back what the record
names.
"""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boxship.base.errors import Forbidden, Internal
from boxship.base.ids import new_id
from boxship.engine.containers import userns
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import Live
from boxship.engine.networks import (
    addresses,
    endpoint_options,
    linked,
    publishing,
    realization,
    record,
    resolving,
)
from boxship.engine.networks.gateways import gateways
from boxship.engine.networks.naming import dns_names
from boxship.engine.networks.network import ICC, PREFIX, UPPER_DRIVERS, Network
from boxship.engine.networks.preparation import Preparation
from boxship.engine.networks.record import Record
from boxship.network.endpoint import Endpoint, Upper
from boxship.network.fabric import Wiring
from boxship.network.namespace import Namespace
from boxship.types.networking import EndpointSettings

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_HOST_NAME = 11


def wired(engine: "Engine", container: Container) -> list[tuple[str, Network]]:
    """Its networks with an interface: the one of its mode first, which gets the first one."""
    rows = [(name, engine.networks.of_endpoint(name)) for name in container.endpoints]
    found = [(name, network) for name, network in rows if network.wired]
    mode = container.host_config.network_mode
    return sorted(found, key=lambda row: row[0] != mode)


def check(engine: "Engine", container: Container) -> None:
    """:class:`NotFound` for a network that the container wants and that is not there."""
    for name, settings in container.endpoints.items():
        # One that has taken a network's name in the meantime is another network.
        if engine.networks.of_endpoint(settings.network_id or name).config_only:
            raise Forbidden("cannot create endpoint on configuration-only network")


async def prepare(engine: "Engine", live: Live, shared: Mapping[str, str]) -> Preparation | None:
    """The namespace for the container to start in, which is being filled; None when it gets one
    with loopback only, or none of its own. *shared*: as :func:`joins.hold` has it. On an error
    nothing is left."""
    container = live.container
    rows = wired(engine, container)
    if not rows:
        return None
    for _, network in rows:
        if not await realization.realize(engine, network):
            return None
    live.network = Record()
    try:
        for name, network in rows:
            take_address(engine, live, name, network)
        live.network.resolv_conf = resolving.resolv_conf_text(engine, live)
        record.write(engine, live.id, live.network)
        endpoints = [endpoint_for(live, name, network) for name, network in rows]
        wiring = Wiring(endpoints, gateways(engine, live))
        given = await userns.network_namespace(engine, container, shared)
        made = given or await engine.networks.fabric.namespace()
    except BaseException as error:
        await release(engine, live)
        raise _named(error, container) from None
    return Preparation(made, _fill(engine, live, made, wiring))


async def _fill(engine: "Engine", live: Live, made: Namespace, wiring: Wiring) -> None:
    try:
        await engine.networks.fabric.wire(made, wiring)
        await publishing.publish(engine, live)
        await linked.sync(engine)
        await resolving.begin(engine, live, made)
    except OSError as error:
        raise _named(error, live.container) from None


def _named(error: BaseException, container: Container) -> BaseException:
    if not isinstance(error, OSError):
        return error
    return Internal(f"cannot attach {container.name} to its networks: {error}")


def take_address(engine: "Engine", live: Live, name: str, network: Network) -> None:
    """Fill in the endpoint's settings with what it gets, and note it in the record."""
    assert live.network is not None
    settings = live.container.endpoints[name]
    asked = settings.mac_address
    addresses.take(engine, network, settings)
    if asked:
        live.container.tags.setdefault("macs", {})[name] = asked
    settings.network_id = network.id
    settings.endpoint_id = new_id()
    settings.dns_names = dns_names(live.container, network, settings)
    live.network.endpoints[name] = settings
    wanted = endpoint_options.interface_name(settings)
    prefix = network.options.get(PREFIX) or "eth"
    live.network.interfaces[name] = wanted or live.network.next_interface(prefix)


def host_name(settings: EndpointSettings) -> str:
    """The host's end of the pair; another one each time, for the old may still be going."""
    return f"veth{settings.endpoint_id[:_HOST_NAME]}"


def endpoint_for(live: Live, name: str, network: Network) -> Endpoint:
    """What the record says that the container has on *network*."""
    assert live.network is not None
    settings = live.container.endpoints[name]
    inside = live.network.interfaces[name]
    return Endpoint(
        host_name(settings),
        inside,
        settings.mac_address,
        addresses.interfaces(settings),
        network.interface,
        isolated=not network.flag(ICC),
        mtu=network.mtu,
        upper=_upper(network),
        sysctls=endpoint_options.sysctls(settings, inside),
    )


def _upper(network: Network) -> Upper | None:
    if network.driver not in UPPER_DRIVERS:
        return None
    mode = network.options.get(f"{network.driver}_mode")
    default = "bridge" if network.driver == "macvlan" else "l2"
    return Upper(network.driver, mode or default, network.options.get("ipvlan_flag") or "bridge")


async def release(engine: "Engine", live: Live) -> None:
    """The container has ended, or never started: give back addresses and ports.

    It stays known to its networks, without endpoints. Its interfaces go with its namespace.
    """
    resolving.end(engine, live)
    await linked.leave(engine, live)
    await publishing.withdraw(engine, live)
    held = live.network.endpoints if live.network is not None else {}
    forget_connections(engine, *held.values())
    for name in live.container.endpoints:
        give_back(engine, live, name)
    live.network = None


def forget_connections(engine: "Engine", *endpoints: EndpointSettings) -> None:
    """As their addresses are given back; nobody need wait for that."""
    found = [each.ip for settings in endpoints for each in addresses.interfaces(settings)]
    if found:
        engine.networks.fabric.forget(found)


def give_back(engine: "Engine", live: Live, name: str) -> None:
    """The address of one endpoint, whose settings then are what the user asked for."""
    settings = live.container.endpoints[name]
    network = engine.networks.find(name)
    held = live.network is not None and live.network.endpoints.pop(name, None) is not None
    if live.network is not None:
        live.network.interfaces.pop(name, None)
    if held and network is not None:
        addresses.give_back(engine, network, settings)
    forget_settings(live.container, name)


def forget_settings(container: Container, name: str) -> None:
    settings = container.endpoints[name]
    addresses.forget(settings)
    wanted: dict[str, str] = container.tags.get("macs") or {}
    settings.mac_address = wanted.get(name, "")


def attach(engine: "Engine", container: Container) -> None:
    """Fill in the endpoints that have no interface; told again, the answer is the same."""
    note_publishing(engine, container)
    for name, endpoint in container.endpoints.items():
        network = engine.networks.of_endpoint(name)
        endpoint.network_id = network.id
        if not endpoint.endpoint_id:
            run = str(container.state.started_at)
            endpoint.endpoint_id = _derived(container.id, endpoint.network_id, run)


def note_publishing(engine: "Engine", container: Container) -> None:
    """Ports are shown where there is a network that can publish them."""
    networks = [engine.networks.find(name) for name in container.endpoints]
    container.tags["publishing"] = any(
        each is not None and each.driver == "bridge" and not each.internal for each in networks
    )


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
        await publishing.adopt(engine, live, known.publications())
    attach(engine, container)


async def _take_again(engine: "Engine", name: str, settings: EndpointSettings) -> None:
    network = engine.networks.find(name)
    if network is None or not await realization.realize(engine, network):
        return
    addresses.take_again(engine, network, settings)


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
    address6 = f"{settings.global_ipv6_address}/{settings.global_ipv6_prefix_len}"
    return {
        "Name": container.name,
        "EndpointID": settings.endpoint_id,
        "MacAddress": settings.mac_address,
        "IPv4Address": address,
        "IPv6Address": address6 if settings.global_ipv6_address else "",
    }
