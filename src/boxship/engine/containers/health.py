"""Health checks: a probe that runs in the container, again and again (Dockerfile HEALTHCHECK)."""

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any

from boxship.base.errors import BoxshipError
from boxship.base.times import go_duration, now_ns, rfc3339
from boxship.engine.containers import events, execs, unhealthy
from boxship.engine.containers.container import Container
from boxship.engine.containers.runtime_state import record
from boxship.engine.containers.store import Live
from boxship.runtime.channel import ShimError
from boxship.types.container_config import HealthConfig
from boxship.types.exec_config import ExecConfig
from boxship.wire.frames import HEAD

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_SECOND = 1_000_000_000
_INTERVAL, _TIMEOUT, _START_INTERVAL = 30 * _SECOND, 30 * _SECOND, 5 * _SECOND
_RETRIES = 3
_KEPT_RESULTS = 5
_KEPT_OUTPUT = 4096
_TIMED_OUT = -1


def command(container: Container) -> list[str]:
    """The probe's arguments; empty when the container has no health check."""
    check = container.config.healthcheck
    test = (check.test if check else None) or []
    if not test or test[0] == "NONE":
        return []
    if test[0] == "CMD-SHELL":
        return [*(container.config.shell or ["/bin/sh", "-c"]), *test[1:]]
    return test[1:] if test[0] == "CMD" else test


def begin(engine: "Engine", live: Live) -> None:
    """Probe the container that has just started (or been adopted) until it ends."""
    probe = command(live.container)
    if not probe:
        return
    if live.container.state.health is None:
        live.container.state.health = {"Status": "starting", "FailingStreak": 0, "Log": []}
    shim = live.shim
    assert shim is not None
    task = engine.background(_watch(engine, live, probe))
    shim.exited.add_done_callback(lambda _: task.cancel())


async def _watch(engine: "Engine", live: Live, probe: list[str]) -> None:
    check = live.container.config.healthcheck
    assert check is not None
    while True:
        await asyncio.sleep(_pause(live.container, check) / _SECOND)
        if live.container.state.status == "paused":
            continue
        began = now_ns()
        _judge(engine, live, check, began, await _probe(engine, live, probe, check))


def _in_start_period(container: Container, check: HealthConfig, at: int) -> bool:
    health = container.state.health or {}
    young = at - container.state.started_at < check.start_period
    return young and health.get("Status") == "starting"


def _pause(container: Container, check: HealthConfig) -> int:
    """Nanoseconds until the next probe."""
    if _in_start_period(container, check, now_ns()):
        return check.start_interval or min(check.interval or _INTERVAL, _START_INTERVAL)
    return check.interval or _INTERVAL


async def _probe(
    engine: "Engine", live: Live, probe: list[str], check: HealthConfig
) -> dict[str, Any]:
    """Run the probe once: a row of the health log."""
    began = now_ns()
    timeout = check.timeout or _TIMEOUT
    try:
        code, output = await _run(engine, live, probe, timeout / _SECOND)
    except TimeoutError:
        code = _TIMED_OUT
        output = f"Health check exceeded timeout ({go_duration(timeout)})"
    except (BoxshipError, ShimError) as error:
        code, output = _TIMED_OUT, str(error)
    return {
        "Start": rfc3339(began),
        "End": rfc3339(now_ns()),
        "ExitCode": code,
        "Output": output,
    }


async def _run(engine: "Engine", live: Live, probe: list[str], timeout: float) -> tuple[int, str]:
    """Exit code and output; the probe is killed when its time is over."""
    config = ExecConfig(cmd=probe, attach_stdout=True, attach_stderr=True)
    _, session = execs.find(engine, execs.create(engine, live.id, config))
    ours, theirs = socket.socketpair()
    try:
        async with asyncio.timeout(timeout):
            await execs.start(engine, live, session, (theirs, b""), raw=False)
            output = await _read_output(ours)
            await session.ended.wait()
    except TimeoutError:
        if live.shim is not None:
            with contextlib.suppress(ShimError):
                await live.shim.request("exec-signal", exec=session.id, signal=9)
        raise
    finally:
        ours.close()
    return session.exit_code or 0, output


async def _read_output(sock: socket.socket) -> str:
    """The payload of the frames until the stream ends; a bounded part of it is kept."""
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    data = b""
    kept = b""
    while chunk := await loop.sock_recv(sock, 1 << 16):
        data += chunk
        while len(data) >= HEAD and len(data) >= HEAD + int.from_bytes(data[4:HEAD], "big"):
            end = HEAD + int.from_bytes(data[4:HEAD], "big")
            kept = (kept + data[HEAD:end])[: _KEPT_OUTPUT + 1]
            data = data[end:]
    text = kept[:_KEPT_OUTPUT].decode("utf-8", "replace")
    return text + ("..." if len(kept) > _KEPT_OUTPUT else "")


def _judge(
    engine: "Engine", live: Live, check: HealthConfig, began: int, result: dict[str, Any]
) -> None:
    """Take *result* into the container's health, and tell when the status changes."""
    container = live.container
    health = container.state.health or {"Status": "starting", "FailingStreak": 0, "Log": []}
    before = health["Status"]
    if result["ExitCode"] == 0:
        health |= {"Status": "healthy", "FailingStreak": 0}
    elif not _in_start_period(container, check, began):
        health["FailingStreak"] += 1
        if health["FailingStreak"] >= (check.retries or _RETRIES):
            health["Status"] = "unhealthy"
    health["Log"] = [*health["Log"], result][-_KEPT_RESULTS:]
    container.state.health = health
    record(engine, container)
    if health["Status"] == before:
        return
    events.emit(engine, container, f"health_status: {health['Status']}")
    if health["Status"] == "unhealthy" and unhealthy.asks_for_restart(container):
        engine.background(unhealthy.end(engine, live))
