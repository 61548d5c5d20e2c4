"""Removing networks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from boxship.base.errors import Forbidden
from boxship.engine.networks.attachment import endpoints_on
from boxship.engine.networks.network import Network

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


async def remove(engine: "Engine", reference: str) -> None:
    """``DELETE /networks/{id}``. :class:`Forbidden` while a container runs on it."""
    network = engine.networks.get(reference)
    if network.predefined:
        raise Forbidden(f"{network.name} is a pre-defined network and cannot be removed")
    if endpoints_on(engine, network):
        raise Forbidden(
            f"error while removing network: network {network.name} id {network.id} has active "
            "endpoints"
        )
    await _remove(engine, network)


async def _remove(engine: "Engine", network: Network) -> None:
    """Its row goes last: a daemon that dies on the way makes it whole again at its next start."""
    networks = engine.networks
    networks.forget(network)
    if await networks.fabric.usable():
        await networks.fabric.remove_network(network.bridge)
    await networks.delete(network)
    attributes = {"name": network.name, "type": network.driver}
    engine.events.emit("network", "destroy", network.id, attributes)


def _has(labels: Mapping[str, str], wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


async def prune(engine: "Engine", until: int, filters: Mapping[str, list[str]]) -> list[str]:
    """Remove the user's networks that no container is on. *until* in nanoseconds, 0 for all."""
    removed = []
    for network in engine.networks:
        wanted, unwanted = filters.get("label", ()), filters.get("label!", ())
        kept = (
            network.predefined
            or (until and network.created > until)
            or not all(_has(network.labels, each) for each in wanted)
            or any(_has(network.labels, each) for each in unwanted)
            or in_use(engine, network)
        )
        if not kept:
            await _remove(engine, network)
            removed.append(network.name)
    engine.events.emit("network", "prune", "", {"reclaimed": "0"})
    return removed


def in_use(engine: "Engine", network: Network) -> bool:
    return bool(endpoints_on(engine, network))
