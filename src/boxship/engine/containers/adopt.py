"""At the daemon's start: take over what still runs, settle what ended, sweep what nobody owns."""

from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError
from boxship.base.ids import is_full_id
from boxship.base.times import now_ns
from boxship.base.trees import remove_tree
from boxship.engine.containers import (
    ended,
    health,
    restart_policy,
    runtime_state,
    start,
)
from boxship.engine.containers.container import State
from boxship.engine.containers.store import Live
from boxship.engine.networks import attachment, connection
from boxship.runtime.supervisor import Exit

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

# Docker's exit code for a program whose end nobody saw.
_UNKNOWN = 255


async def adopt_all(engine: "Engine") -> None:
    for live in engine.containers:
        await _adopt(engine, live)
    _sweep(engine)
    for live in engine.containers:
        if live.container.host_config.auto_remove and not live.container.state.running:
            async with live.lock:
                await ended.remove(engine, live)
        elif _wants_start(live):
            engine.background(_start(engine, live))


async def _adopt(engine: "Engine", live: Live) -> None:
    """Reconnect to the shim, or learn how the container ended."""
    shim = await engine.supervisor.adopt(live.id, lambda event: start.on_event(engine, live, event))
    running = runtime_state.recorded(engine, live.id)
    if running is not None:
        live.container.state = running.state
        live.container.restart_count = running.restart_count
        live.container.manually_stopped = running.manually_stopped
        live.stopped_by_user = running.manually_stopped
    if shim is None:
        await attachment.release(engine, live)
        await _settle(engine, live, running is not None)
        return
    if running is None:
        # The last daemon died between the start and its record.
        live.container.state = State(status="running", started_at=shim.started_at)
    live.container.state.pid = shim.pid
    await attachment.adopt(engine, live)
    live.shim = shim
    await connection.complete(engine, live)
    health.begin(engine, live)
    runtime_state.record(engine, live.container)
    live.monitor = engine.background(ended.watch(engine, live, shim))


async def _settle(engine: "Engine", live: Live, was_running: bool) -> None:
    """No shim: the container ended meanwhile, never ran, or the machine has been restarted."""
    if was_running or engine.supervisor.recorded_exit(live.id) is not None:
        await ended.finish(engine, live, ended.lost(engine, live))
        return
    state = live.container.state
    ran = state.status in ("running", "paused")
    if ran or live.container.host_config.auto_remove:
        # The run directory went with the machine's memory; the group may not have.
        ended.destroy_group(engine, live)
    if ran:
        await ended.finish(engine, live, Exit(_UNKNOWN, False, now_ns()))
    elif state.status in ("restarting", "removing"):
        state.status = "exited"
        state.pid = 0
        engine.containers.save_soon(live)


def _wants_start(live: Live) -> bool:
    """Policies that hold across restarts of the daemon."""
    container = live.container
    if container.state.status != "exited" or live.shim is not None:
        return False
    name = container.host_config.restart_policy.name
    return name == "always" or (name == "unless-stopped" and not container.manually_stopped)


async def _start(engine: "Engine", live: Live) -> None:
    try:
        async with live.lock:
            restart_policy.cancel(live)
            await start.launch(engine, live)
    except BoxshipError:
        return


def _sweep(engine: "Engine") -> None:
    """What is named by the id of no container of ours goes.

    A run directory is made before the cgroup of the same name, so the directories tell which
    cgroups are left over; another engine's, below the same parent, are not among them.
    """
    owners = {live.id for live in engine.containers}
    for root in (engine.options.run_root, engine.options.data_root / "containers"):
        for entry in root.iterdir():
            if not is_full_id(entry.name[:64]) or entry.name in owners:
                continue
            if root == engine.options.run_root:
                path = engine.cgroups.path_of("", entry.name)
                engine.cgroups.kill(path)
                engine.cgroups.destroy(path)
            remove_tree(entry)
