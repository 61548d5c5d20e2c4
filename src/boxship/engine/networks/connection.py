"""Connecting containers to networks, and disconnecting them, while they run or not."""

import contextlib
import logging
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, Forbidden, Internal, NotFound
from boxship.engine.containers import files, held, hosts, specification
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import Live
from boxship.engine.networks import (
    addresses,
    admission,
    attachment,
    linked,
    publishing,
    realization,
    record,
    resolving,
)
from boxship.engine.networks.gateways import gateways
from boxship.engine.networks.naming import dns_names
from boxship.engine.networks.network import Network
from boxship.engine.networks.record import Record
from boxship.network.endpoint import Endpoint
from boxship.types.networking import EndpointSettings

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_log = logging.getLogger(__name__)


def name_endpoints(engine: "Engine", container: Container) -> None:
    """Say under which names a new or renamed container is found on its networks."""
    for name, settings in container.endpoints.items():
        settings.dns_names = dns_names(container, engine.networks.find(name), settings)


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
    live = engine.containers.get(container)
    network = engine.networks.get(reference)
    wanted = settings or EndpointSettings()
    async with live.lock:
        present = _key(live.container, network)
        if present is not None and live.shim is None:
            return
        if present is not None:
            raise Forbidden(
                f"endpoint with name {live.container.name} already exists in network {network.name}"
            )
        admission.check_mix(live.container, network)
        admission.check_settings(network, wanted)
        addresses.forget(wanted)
        wanted.network_id = ""
        wanted.dns_names = dns_names(live.container, network, wanted)
        live.container.endpoints[network.name] = wanted
        try:
            if live.shim is not None:
                await _join(engine, live, network)
        except BaseException:
            attachment.give_back(engine, live, network.name)
            del live.container.endpoints[network.name]
            raise
        await _settle(engine, live)


async def _join(engine: "Engine", live: Live, network: Network) -> None:
    if network.wired:
        await _plug(engine, live, network)
    else:
        attachment.attach(engine, live.container)
    attachment.emit_one(engine, live.container, network, "connect")


async def _plug(engine: "Engine", live: Live, network: Network) -> None:
    if not await realization.realize(engine, network):
        raise Internal(engine.networks.fabric.flaw)
    live.network = live.network or Record(resolv_conf=resolving.resolv_conf_text(engine, live))
    own = _own_lines(engine, live)
    attachment.take_address(engine, live, network.name, network)
    live.network.changing = network.name
    record.write(engine, live.id, live.network)
    wanted = attachment.endpoint_for(live, network.name, network)
    try:
        if not await _plug_in(engine, live, wanted):
            # Its end, which waits for us, gives back what it has been given.
            return
        await publishing.publish(engine, live)
    except BaseException as error:
        await _lead_elsewhere(engine, live, network.name)
        # Where the container's end was quicker, its interfaces are gone already.
        with contextlib.suppress(OSError):
            await _take_out(engine, live, network.name, wanted)
            live.network.changing = ""
            record.write(engine, live.id, live.network)
        if isinstance(error, OSError):
            raise Internal(f"cannot connect {live.container.name}: {error}") from None
        raise
    await _tell_names(engine, live, own)


async def _plug_in(engine: "Engine", live: Live, wanted: Endpoint) -> bool:
    """False if the container has ended meanwhile."""
    process = await held.hold(live.shim)
    if process is None:
        return False
    with process:
        try:
            await engine.networks.fabric.plug(process.path, wanted, gateways(engine, live))
        except OSError:
            if not process.gone:
                raise
            return False
    return True


async def _take_out(engine: "Engine", live: Live, name: str, gone: Endpoint) -> None:
    """Remove an endpoint's interface; then its address is another's, and the record says so.

    It goes on to say that the network is changing, until what the container is on is durable.
    """
    assert live.network is not None
    settings = live.network.endpoints.pop(name)
    routes = gateways(engine, live)
    live.network.endpoints[name] = settings
    process = await held.hold(live.shim)
    if process is not None:
        with process:
            try:
                await engine.networks.fabric.unplug(process.path, gone, routes)
            except OSError:
                # Interfaces end with their namespace.
                if not process.gone:
                    raise
    attachment.forget_connections(engine, settings)
    attachment.give_back(engine, live, name)
    record.write(engine, live.id, live.network)


async def _settle(engine: "Engine", live: Live) -> None:
    """What was connected or disconnected is durable: the next daemon has nothing to complete."""
    attachment.note_publishing(engine, live.container)
    await engine.containers.save(live)
    if live.network is not None and live.network.changing:
        live.network.changing = ""
        record.write(engine, live.id, live.network)
        await linked.sync(engine)


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


async def _lead_elsewhere(engine: "Engine", live: Live, name: str) -> None:
    """Ports move on from the network *name* to the one that has the default route without it."""
    try:
        await publishing.publish(engine, live, but=name)
    except BoxshipError as error:
        _log.warning("ports of %s: %s", live.container.name, error)
        await publishing.withdraw(engine, live)


async def complete(engine: "Engine", live: Live) -> None:
    """What an earlier daemon was connecting or disconnecting when it died is disconnected."""
    held = live.network
    if held is None or not held.changing:
        return
    name = held.changing
    network = engine.networks.find(name)
    if network is not None and name in held.endpoints:
        await _lead_elsewhere(engine, live, name)
        with contextlib.suppress(OSError):
            await _take_out(engine, live, name, attachment.endpoint_for(live, name, network))
    live.container.endpoints.pop(name, None)
    await _settle(engine, live)


async def disconnect(engine: "Engine", reference: str, container: str, force: bool) -> None:
    """``POST /networks/{id}/disconnect``; *force*: from a network that is no more, too."""
    live = _disconnected(engine, container, force)
    network = engine.networks.find(reference)
    async with live.lock:
        if network is None and live.shim is not None and not force:
            engine.networks.get(reference)
        name = _key(live.container, network) if network else reference
        if name is None or name not in live.container.endpoints:
            raise _not_connected(live, network.name if network else reference)
        if network is not None and network.driver == "host" and live.shim is not None:
            raise Forbidden(admission.HOST_ONLY)
        if network is not None and live.shim is not None:
            await _leave(engine, live, name, network)
        live.container.endpoints.pop(name)
        live.container.tags.get("macs", {}).pop(name, None)
        await _settle(engine, live)


def _disconnected(engine: "Engine", container: str, force: bool) -> Live:
    try:
        return engine.containers.get(container)
    except NotFound:
        if force:
            raise NotFound(f"endpoint {container} not found") from None
        raise


def _not_connected(live: Live, name: str) -> BoxshipError:
    if live.shim is None:
        return Internal(f"container {live.id} is not connected to the network {name}")
    return Forbidden(f"container {live.id} is not connected to network {name}")


async def _leave(engine: "Engine", live: Live, name: str, network: Network) -> None:
    if live.network is not None and name in live.network.endpoints:
        await _unplug(engine, live, name, network)
    attachment.emit_one(engine, live.container, network, "disconnect")


async def _unplug(engine: "Engine", live: Live, name: str, network: Network) -> None:
    assert live.network is not None
    own = _own_lines(engine, live)
    gone = attachment.endpoint_for(live, name, network)
    live.network.changing = name
    record.write(engine, live.id, live.network)
    await linked.sync(engine)
    await _lead_elsewhere(engine, live, name)
    try:
        await _take_out(engine, live, name, gone)
    except OSError as error:
        raise Internal(f"cannot disconnect {live.container.name}: {error}") from None
    await _tell_names(engine, live, own, left=network)
