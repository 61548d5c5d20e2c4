"""Creating networks."""

import contextlib
import ipaddress
from typing import TYPE_CHECKING

from boxship.engine.networks import realization, subnets
from boxship.engine.networks.definition import define
from boxship.engine.networks.network import Network
from boxship.types.networking import NetworkCreateRequest

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


async def create(engine: "Engine", request: NetworkCreateRequest) -> Network:
    """``POST /networks/create``: durable and in the kernel when it returns."""
    # The default bridge's own stay free for it. Where it can have none, others may.
    await realization.foresee_default_subnets(engine)
    network = define(engine, request)
    networks = engine.networks
    networks.reserve(network)
    try:
        if network.wired:
            await _give_subnets(engine, network)
            await realization.realize(engine, network)
        await networks.save(network)
    except BaseException:
        networks.forget(network)
        # What could not be made may have a name that nothing can have.
        with contextlib.suppress(OSError):
            await realization.undo(engine, network)
        raise
    attributes = {"name": network.name, "type": network.driver}
    engine.events.emit("network", "create", network.id, attributes)
    return network


async def _give_subnets(engine: "Engine", network: Network) -> None:
    """The default ones keep clear of host routes too; what the user wants, of networks only."""
    others = [each for each in engine.networks if each.id != network.id and each.wired]
    known = [ipaddress.ip_network(row.subnet) for each in others for row in each.subnets]
    subnets.check_apart(network.subnets, known)
    for version, enabled in ((4, network.ipv4_enabled), (6, network.ipv6)):
        if enabled and not network.rows(version):
            network.subnets.append(await realization.free_subnet(engine, version))
    for row in network.subnets:
        if not row.chosen:
            subnets.give_gateway(row)
