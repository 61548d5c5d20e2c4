"""Stopping and restarting."""

import asyncio
import signal
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, Internal, NotModified
from boxship.engine.containers import (
    events,
    kill,
    pause,
    restart_policy,
    runtime_state,
    start,
    states,
)
from boxship.engine.containers.signals import parse_signal
from boxship.engine.containers.store import Live

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

DEFAULT_TIMEOUT = 10
# How long the kernel may take to end a killed process before the request is answered anyway.
_AFTER_KILL = 10


async def stop(
    engine: "Engine", reference: str, timeout: int | None = None, signal_text: str = ""
) -> None:
    """``POST /containers/{id}/stop``; *timeout* in seconds, negative waits for ever."""
    number = parse_signal(signal_text) if signal_text else 0
    live = engine.containers.get(reference)
    states.check(live.container, "stop", reference)
    await end(engine, live, timeout, number)


async def end(engine: "Engine", live: Live, timeout: int | None, number: int = 0) -> None:
    """As the user wants it: the container does not begin again, nor with the next daemon."""
    runtime_state.record_stop(engine, live.container)
    await _end(engine, live, timeout, number)


async def _end(engine: "Engine", live: Live, timeout: int | None, number: int = 0) -> None:
    """Bring a running container to its end and wait until its exit has been dealt with."""
    container = live.container
    live.stopped_by_user = True
    live.stopping = True
    if await restart_policy.give_up(live):
        container.state.status = "exited"
    elif live.monitor is not None:
        if container.state.status == "paused":
            await pause.resume(engine, live)
        await signal_and_wait(engine, live, live.monitor, timeout, number)
    if live.stopping:
        live.stopping = False
        events.emit(engine, container, "stop")
    if engine.containers.by_id(live.id) is not None:
        engine.containers.save_soon(live)


async def signal_and_wait(
    engine: "Engine",
    live: Live,
    monitor: "asyncio.Task[None]",
    timeout: int | None,
    number: int,
) -> None:
    """The stop signal, or *number*, then the end; returns when *monitor* has dealt with that."""
    if timeout is None:
        timeout = live.container.config.stop_timeout
    seconds = DEFAULT_TIMEOUT if timeout is None else timeout
    wanted = number or kill.stop_signal(live)
    if await kill.send(engine, live, wanted, unless_ignored=wanted != signal.SIGKILL):
        done, _ = await asyncio.wait({monitor}, timeout=None if seconds < 0 else seconds)
        if done:
            return
    await kill.send(engine, live, int(signal.SIGKILL))
    await asyncio.wait({monitor}, timeout=_AFTER_KILL)


async def restart(
    engine: "Engine", reference: str, timeout: int | None = None, signal_text: str = ""
) -> None:
    """``POST /containers/{id}/restart``: stop if it runs, then start."""
    number = parse_signal(signal_text) if signal_text else 0
    live = engine.containers.get(reference)
    try:
        await _restart(engine, live, reference, timeout, number)
    except BoxshipError as error:
        # What is the client's to mend is no failure of ours; that it runs already is.
        kind = Internal if isinstance(error, NotModified) else type(error)
        raise kind(f"Cannot restart container {reference}: {error}") from None
    events.emit(engine, live.container, "restart")


async def _restart(
    engine: "Engine", live: Live, reference: str, timeout: int | None, number: int
) -> None:
    auto_remove = live.container.host_config.auto_remove
    if live.container.state.running:
        # The container must outlive its own restart.
        live.container.host_config.auto_remove = False
        try:
            await end(engine, live, timeout, number)
        finally:
            live.container.host_config.auto_remove = auto_remove
    async with live.lock:
        states.check(live.container, "start", reference)
        live.stopped_by_user = False
        await start.launch(engine, live)


async def stop_all(engine: "Engine") -> None:
    """Stop every running container within the daemon's own time limit; the next daemon starts
    those again that are only to rest when the user says so."""
    running = [live for live in engine.containers if live.container.state.running]
    timeout = engine.options.shutdown_timeout
    await asyncio.gather(*(_end(engine, live, timeout) for live in running), return_exceptions=True)
