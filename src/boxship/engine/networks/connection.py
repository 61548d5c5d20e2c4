"""Connecting containers to networks, and disconnecting them, while they run or not."""

import ipaddress
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, Forbidden, Internal, InvalidParameter
from boxship.engine.containers import files, hosts, specification
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import Live
from boxship.engine.containers.validation.endpoints import check_endpoint
from boxship.engine.networks import (
    addresses,
    attachment,
    endpoint_options,
    publishing,
    realization,
    record,
    resolving,
)
from boxship.engine.networks.gateways import gateway_endpoint, gateways
from boxship.engine.networks.naming import dns_names
from boxship.engine.networks.network import Network
from boxship.engine.networks.record import Record
from boxship.types.networking import EndpointIPAMConfig, EndpointSettings

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_NOT_CONFIGURED = (
    "user specified IP address is supported only when connecting to networks with user configured "
    "subnets"
)


def check_addresses(network: Network, settings: EndpointSettings) -> None:
    """:class:`InvalidParameter` for an address that the network cannot give."""
    asked = settings.ipam_config or EndpointIPAMConfig()
    flaws = [
        _flaw(network, version, text)
        for version, text in ((4, asked.ipv4_address), (6, asked.ipv6_address))
        if text
    ]
    told = [flaw for flaw in flaws if flaw]
    if told:
        raise InvalidParameter("\n".join(["invalid endpoint settings:", *told]))


def _flaw(network: Network, version: int, text: str) -> str:
    rows = [row for row in network.subnets if row.version == version and not row.chosen]
    if not network.own_subnets or not rows:
        return _NOT_CONFIGURED
    if any(ipaddress.ip_address(text) in ipaddress.ip_network(row.subnet) for row in rows):
        return ""
    return f"no configured subnet or ip-range contain the IP address {text}"


def check_created(engine: "Engine", endpoints: dict[str, EndpointSettings]) -> None:
    """What can be said against a new container's networks; one that is missing may come yet."""
    for name, settings in endpoints.items():
        network = engine.networks.find(name)
        if network is not None:
            try:
                check_addresses(network, settings)
            except InvalidParameter as error:
                raise InvalidParameter(f"invalid config for network {name}: {error}") from None


def name_endpoints(engine: "Engine", container: Container) -> None:
    """Say under which names a new or renamed container is found on its networks."""
    for name, settings in container.endpoints.items():
        settings.dns_names = dns_names(container, engine.networks.find(name), settings)


def _check_mix(container: Container, network: Network) -> None:
    """Namespaces that are the host's, or nobody's, take no other interfaces."""
    mode = container.host_config.network_mode
    if mode.startswith("container:"):
        raise Forbidden(
            "container sharing network namespace with another container or host cannot "
            "be connected to any other network"
        )
    if mode == "host" or network.driver == "host":
        raise Forbidden(
            "container cannot be disconnected from host network or connected to host network"
        )
    if network.driver == "null" or "none" in container.endpoints:
        raise Forbidden(
            "container cannot be connected to multiple networks with one of the networks in "
            "private (none) mode"
        )


def _key(container: Container, network: Network) -> str | None:
    """Under what reference the container's configuration knows the network."""
    for name, settings in container.endpoints.items():
        if name in (network.name, network.id) or settings.network_id == network.id:
            return name
    return None


async def connect(
    engine: "Engine", reference: str, container: str, settings: EndpointSettings | None
) -> None:
    """``POST /networks/{id}/connect``."""
    network = engine.networks.get(reference)
    live = engine.containers.get(container)
    wanted = settings or EndpointSettings()
    async with live.lock:
        _check_mix(live.container, network)
        _check_settings(network, wanted)
        present = _key(live.container, network)
        if present is not None and live.shim is not None:
            raise Forbidden(
                f"endpoint with name {live.container.name} already exists in network {network.name}"
            )
        if present is not None:
            del live.container.endpoints[present]
        addresses.forget(wanted)
        wanted.network_id = ""
        wanted.dns_names = dns_names(live.container, network, wanted)
        live.container.endpoints[network.name] = wanted
        try:
            if live.shim is not None:
                await _plug(engine, live, network)
        except BaseException:
            attachment.give_back(engine, live, network.name)
            del live.container.endpoints[network.name]
            raise
        await engine.containers.save(live)


def _check_settings(network: Network, settings: EndpointSettings) -> None:
    try:
        check_endpoint(network.name, settings)
    except InvalidParameter as error:
        prefix = f"invalid config for network {network.name}: "
        raise InvalidParameter(str(error).removeprefix(prefix)) from None
    check_addresses(network, settings)
    endpoint_options.check(settings)


async def _plug(engine: "Engine", live: Live, network: Network) -> None:
    if not await realization.realize(engine, network):
        raise Internal(engine.networks.fabric.flaw)
    live.network = live.network or Record(resolv_conf=resolving.resolv_conf_text(engine, live))
    own = _own_lines(engine, live)
    attachment.take_address(engine, live, network.name, network)
    record.write(engine, live.id, live.network)
    wanted = attachment.endpoint_for(live, network.name, network)
    before = live.network.published
    routes = gateways(engine, live)
    try:
        await engine.networks.fabric.plug(live.container.state.pid, wanted, routes)
    except OSError as error:
        raise Internal(f"cannot connect {live.container.name}: {error}") from None
    if not before:
        await publishing.publish(engine, live)
    await _tell_names(engine, live, own)
    attachment.emit_one(engine, live.container, network, "connect")


def _own_lines(engine: "Engine", live: Live) -> list[str]:
    return hosts.own_lines(live.container, specification.hostname(engine, live.container))


async def _tell_names(
    engine: "Engine", live: Live, own: list[str], left: Network | None = None
) -> None:
    """The resolver and the container's files learn of its networks. *own*: lines of before."""
    assert live.network is not None
    await resolving.changed(engine, live, left)
    hosts.change_own(live.container.hosts_path, own, _own_lines(engine, live))
    files.change_resolv_conf(engine, live)
    record.write(engine, live.id, live.network)


async def disconnect(engine: "Engine", reference: str, container: str, force: bool) -> None:
    """``POST /networks/{id}/disconnect``; *force*: a container that is gone is no error."""
    network = engine.networks.get(reference)
    try:
        live = engine.containers.get(container)
    except BoxshipError:
        if force:
            return
        raise
    async with live.lock:
        name = _key(live.container, network)
        if name is None:
            raise Forbidden(f"container {live.id} is not connected to network {network.name}")
        if network.driver == "host":
            raise Forbidden(
                "container cannot be disconnected from host network or connected to host network"
            )
        if live.shim is not None and live.network is not None and name in live.network.endpoints:
            await _unplug(engine, live, name, network)
        live.container.endpoints.pop(name)
        live.container.tags.get("macs", {}).pop(name, None)
        await engine.containers.save(live)


async def _unplug(engine: "Engine", live: Live, name: str, network: Network) -> None:
    """The ports move on to the endpoint that has the default route then, if there is one."""
    assert live.network is not None
    was_gateway = gateway_endpoint(engine, live)
    own = _own_lines(engine, live)
    gone = attachment.endpoint_for(live, name, network)
    if was_gateway is not None and was_gateway[0] == name:
        await publishing.withdraw(engine, live)
    # The address is another's only after its interface is gone.
    held = live.network.endpoints.pop(name)
    routes = gateways(engine, live)
    live.network.endpoints[name] = held
    try:
        await engine.networks.fabric.unplug(live.container.state.pid, gone, routes)
    except OSError as error:
        raise Internal(f"cannot disconnect {live.container.name}: {error}") from None
    attachment.give_back(engine, live, name)
    await _tell_names(engine, live, own, left=network)
    if not live.network.published:
        await publishing.publish(engine, live)
    attachment.emit_one(engine, live.container, network, "disconnect")
