"""Removing networks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from boxship.base.errors import Forbidden
from boxship.base.futures import uninterrupted
from boxship.engine.networks import realization
from boxship.engine.networks.attachment import endpoints_on
from boxship.engine.networks.network import Network

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


async def remove(engine: "Engine", reference: str) -> None:
    """``DELETE /networks/{id}``. :class:`Forbidden` while a container runs on it."""
    network = engine.networks.get(reference)
    if network.predefined:
        raise Forbidden(f"{network.name} is a pre-defined network and cannot be removed")
    if _is_source(engine, network):
        raise Forbidden(
            f'error while removing network: configuration network "{network.name}" is in use'
        )
    if endpoints_on(engine, network):
        raise Forbidden(
            f"error while removing network: network {network.name} id {network.id} has active "
            "endpoints"
        )
    await _remove(engine, network)


async def _remove(engine: "Engine", network: Network) -> None:
    """Remove *network* wholly, even if the caller is cancelled."""
    await uninterrupted(_remove_alone(engine, network))


async def _remove_alone(engine: "Engine", network: Network) -> None:
    """Remove the row last: a daemon that dies on the way makes the network whole again at its next
    start."""
    networks = engine.networks
    networks.forget(network)
    await realization.undo(engine, network)
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
            or _is_source(engine, network)
        )
        if not kept:
            await _remove(engine, network)
            removed.append(network.name)
    engine.events.emit("network", "prune", "", {"reclaimed": "0"})
    return removed


def in_use(engine: "Engine", network: Network) -> bool:
    return bool(endpoints_on(engine, network))


def _is_source(engine: "Engine", network: Network) -> bool:
    """Whether others have their settings from it."""
    return network.config_only and any(each.config_from == network.name for each in engine.networks)
