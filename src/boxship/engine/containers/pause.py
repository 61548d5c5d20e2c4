"""Freezing and thawing."""

import asyncio
import errno
from typing import TYPE_CHECKING

from boxship.base.errors import Internal
from boxship.engine.containers import events, states
from boxship.engine.containers.runtime_state import record
from boxship.engine.containers.store import Live

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

#: Errors of a control group whose container has ended, before that is known.
GONE = (errno.ENOENT, errno.ENODEV)


async def pause(engine: "Engine", reference: str) -> None:
    """``POST /containers/{id}/pause``."""
    live = engine.containers.get(reference)
    async with live.lock:
        container = live.container
        states.check(container, "pause", reference)
        path = engine.cgroups.path_of(container.host_config.cgroup_parent, live.id)
        try:
            await asyncio.to_thread(engine.cgroups.freeze, path)
        except OSError as error:
            if error.errno in GONE:
                raise states.not_running(container) from None
            raise Internal(f"Cannot pause container {container.id}: {error}") from None
        container.state.status = "paused"
        container.state.unwatched()
        record(engine, container)
        events.emit(engine, container, "pause")


async def unpause(engine: "Engine", reference: str) -> None:
    """``POST /containers/{id}/unpause``."""
    live = engine.containers.get(reference)
    async with live.lock:
        states.check(live.container, "unpause", reference)
        await resume(engine, live)


async def resume(engine: "Engine", live: Live) -> None:
    """Thaw a paused container."""
    container = live.container
    path = engine.cgroups.path_of(container.host_config.cgroup_parent, live.id)
    try:
        engine.cgroups.thaw(path)
    except OSError as error:
        if error.errno in GONE:
            raise states.not_running(container) from None
        raise Internal(f"Cannot unpause container {container.id}: {error}") from None
    container.state.status = "running"
    record(engine, container)
    events.emit(engine, container, "unpause")
