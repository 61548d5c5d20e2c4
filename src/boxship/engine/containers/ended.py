"""When a container's program has ended."""

import asyncio
import contextlib
import logging
import sqlite3
from typing import TYPE_CHECKING

from boxship.base.times import now_ns
from boxship.engine.containers import (
    events,
    removal,
    restart_policy,
    runtime_state,
    volume_mounts,
)
from boxship.engine.containers.store import Live
from boxship.engine.networks import attachment
from boxship.runtime.supervisor import Exit, Shim

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

KILLED = 137
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 15.0
_log = logging.getLogger(__name__)


async def watch(engine: "Engine", live: Live, shim: Shim) -> None:
    """Wait for the exit of *shim*, then bring the container to what follows."""
    result = await shim.exited
    live.leaving = shim
    if result is None:
        result = lost(engine, live)
    await finish(engine, live, result)


def lost(engine: "Engine", live: Live) -> Exit:
    """The shim is gone: take the status it left, or end the container as killed."""
    recorded = engine.supervisor.recorded_exit(live.id)
    destroy_group(engine, live)
    return recorded or Exit(KILLED, False, now_ns())


def destroy_group(engine: "Engine", live: Live) -> None:
    """Remove what a shim that was killed has left, and whoever is in it."""
    path = engine.cgroups.path_of(live.container.host_config.cgroup_parent, live.id)
    engine.cgroups.kill(path)
    engine.cgroups.destroy(path)


async def emptied(engine: "Engine", live: Live) -> None:
    """Return when the cgroup of the last run is gone."""
    if live.leaving is not None and not await live.leaving.emptied():
        destroy_group(engine, live)


async def unmounted(engine: "Engine", live: Live) -> None:
    """Return when nothing of the last run is left, so that the next one can begin."""
    await emptied(engine, live)
    if live.leaving is not None:
        await live.leaving.gone()
        live.leaving = None


async def finish(engine: "Engine", live: Live, result: Exit) -> None:
    """Record the exit, tell who waits, and restart or remove as the container's policy says."""
    async with live.lock:
        container = live.container
        state = container.state
        live.shim = None
        state.status = "exited"
        state.pid = 0
        state.exit_code, state.oom_killed, state.finished_at = result.code, result.oom, result.at
        duration = max(0, result.at - state.started_at) // 1_000_000_000
        _end_execs(engine, live)
        state.unwatched()
        restarts = restart_policy.wanted(live)
        if restarts:
            state.status = "restarting"
        await attachment.release(engine, live)
        attachment.emit(engine, container, "disconnect")
        volume_mounts.emit(engine, container, "unmount")
        if live.stopping:
            # Docker tells of the stop before the death that it brought about.
            live.stopping = False
            events.emit(engine, container, "stop")
        events.emit(engine, container, "die", execDuration=str(duration), exitCode=str(result.code))
        settle(live, result.code)
        if restarts:
            live.restart_task = engine.background(restart_policy.restart(engine, live, duration))
            return
        if container.host_config.auto_remove:
            await remove(engine, live)
        else:
            engine.containers.save_later(live, lambda: _forget_run(engine, live))


async def remove(engine: "Engine", live: Live) -> None:
    """Remove a container that was to be removed at its end, at once or when the disk has room for
    that; the caller holds its lock."""
    try:
        await removal.delete(engine, live, volumes=True)
    except sqlite3.Error as error:
        _log.warning("the container %s is not removed yet: %s", live.id, error)
        engine.background(_remove_later(engine, live))


async def _remove_later(engine: "Engine", live: Live) -> None:
    """Try to remove a container until the disk has room. A daemon that ends before that removes the
    container at its next start."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        async with live.lock:
            if engine.containers.by_id(live.id) is not live:
                return
            with contextlib.suppress(sqlite3.Error):
                await removal.delete(engine, live, volumes=True)
                return


async def _forget_run(engine: "Engine", live: Live) -> None:
    """The run directory tells of the end until the database does; nobody need wait for that."""
    async with live.lock:
        if live.shim is None and engine.containers.by_id(live.id) is live:
            runtime_state.forget(engine, live.id)


def settle(live: Live, code: int) -> None:
    """Answer those who wait for the exit."""
    waiters, live.exit_waiters = live.exit_waiters, []
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(code)


async def next_exit(live: Live) -> int:
    """The exit code of the run that ends next; a failed start is none, as in Docker."""
    waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    live.exit_waiters.append(waiter)
    try:
        return await waiter
    finally:
        if waiter in live.exit_waiters:
            live.exit_waiters.remove(waiter)


def exec_ended(engine: "Engine", live: Live, exec_id: str, code: int) -> None:
    session = live.execs.get(exec_id)
    if session is None or session.exit_code is not None:
        return
    session.running = False
    session.exit_code = code
    session.ended_at = now_ns()
    session.ended.set()
    events.emit(engine, live.container, "exec_die", execID=exec_id, exitCode=str(code))


def _end_execs(engine: "Engine", live: Live) -> None:
    """Sessions do not outlive their container."""
    for session in [*live.execs.values()]:
        if session.running:
            exec_ended(engine, live, session.id, KILLED)
