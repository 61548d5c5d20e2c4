"""Removing a container."""

import asyncio
import sqlite3
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, Conflict, NotFound
from boxship.engine.containers import (
    ended,
    events,
    files,
    kill,
    links,
    restart_policy,
    runtime_state,
    volume_mounts,
)
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import Live
from boxship.engine.containers.validation.names import parse_link
from boxship.engine.networks import linked

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


async def remove(
    engine: "Engine", reference: str, force: bool = False, volumes: bool = False
) -> None:
    """``DELETE /containers/{id}``; *force* kills a running one first."""
    live = engine.containers.get(reference)
    container = live.container
    if container.state.status == "removing":
        if force:
            await removed(live)
            return
        raise Conflict(f"removal of container {reference} is already in progress")
    done = False
    while not done:
        if container.state.running:
            if not force:
                raise Conflict(_refusal(container))
            await _end(engine, live)
        async with live.lock:
            # Somebody may have started it again before we had the lock.
            done = not container.state.running
            if done and engine.containers.by_id(live.id) is not None:
                await delete(engine, live, volumes)


async def remove_link(engine: "Engine", path: str) -> None:
    """``DELETE /containers/{parent}/{alias}?link=1``: forget a link, not a container."""
    parent, _, alias = path.strip("/").rpartition("/")
    if not parent:
        raise Conflict("Conflict, cannot remove the default link name of the container")
    try:
        live = engine.containers.get(parent)
    except NotFound:
        raise NotFound(f"Cannot get parent /{parent} for name {path}") from None
    async with live.lock:
        host = live.container.host_config
        kept = [link for link in host.links or () if parse_link(link)[1] != alias]
        if len(kept) == len(host.links or ()):
            raise NotFound(f"No such link: /{parent}/{alias}")
        before, host.links = host.links, kept or None
        try:
            await engine.containers.save(live)
        except BaseException:
            host.links = before
            raise
        await linked.sync(engine)


def _refusal(container: Container) -> str:
    advice = {
        "paused": "paused and must be unpaused first",
        "restarting": "restarting: stop the container before removing or force remove",
        "running": "running: stop the container before removing or force remove",
    }[container.state.status]
    return f'cannot remove container "/{container.name}": container is {advice}'


async def _end(engine: "Engine", live: Live) -> None:
    """Kill and wait until the exit has been dealt with."""
    live.stopped_by_user = True
    if await restart_policy.give_up(live):
        live.container.state.status = "exited"
        return
    monitor = live.monitor
    await kill.send_kill(engine, live)
    if monitor is not None:
        await asyncio.wait({monitor})


async def delete(engine: "Engine", live: Live, volumes: bool) -> None:
    """Remove a container that does not run; the caller holds its lock."""
    container = live.container
    container.state.status = "removing"
    for sock, _ in live.parked:
        sock.close()
    live.parked.clear()
    await ended.emptied(engine, live)
    try:
        await _forget(engine, live)
    except BaseException:
        # It can be tried again.
        container.state.status = "dead"
        raise
    links.remember_removed(engine, container)
    # Not before: of a container that still is there its run directory may be all that tells.
    runtime_state.forget(engine, container.id)
    if live.lent is None:
        engine.deletions.put(container.id)
    if live.leaving is not None:
        # What its shim still has to do, it does without us.
        live.leaving.close()
    await volume_mounts.release(engine, container, volumes)
    _collect_image(engine, container.image_id)
    events.emit(engine, container, "destroy")
    ended.settle(live, container.state.exit_code)
    if live.removed is not None and not live.removed.done():
        live.removed.set_result(container.state.exit_code)


async def _forget(engine: "Engine", live: Live) -> None:
    """Forget it durably; on a full disk, its files make room for that."""
    try:
        await engine.containers.remove(live)
    except sqlite3.OperationalError:
        if live.lent is not None:
            await live.lent
        await asyncio.to_thread(files.delete, engine, live.id)
        await engine.containers.remove(live)


def _collect_image(engine: "Engine", image_id: str) -> None:
    """The layers of an image that was removed before its last container go with that."""
    try:
        engine.images.resolve(image_id)
    except BoxshipError:
        engine.background(engine.images.collect(engine.containers_using))


async def removed(live: Live) -> int:
    """Wait for the removal; the container's last exit code."""
    if live.removed is None:
        live.removed = asyncio.get_running_loop().create_future()
    return await asyncio.shield(live.removed)
