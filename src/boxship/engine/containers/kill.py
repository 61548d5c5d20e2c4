"""Sending signals."""

import asyncio
import contextlib
import errno
import signal
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, Internal, InvalidParameter
from boxship.engine.containers import events, restart_policy, runtime_state, states
from boxship.engine.containers.signals import parse_signal
from boxship.engine.containers.store import Live
from boxship.runtime.channel import ShimError

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


# How long the kernel may take to end a killed process, in seconds.
_AFTER_KILL = 10


async def kill(engine: "Engine", reference: str, signal_text: str = "") -> None:
    """``POST /containers/{id}/kill``; KILL also prevents a restart."""
    try:
        number = parse_signal(signal_text) if signal_text else int(signal.SIGKILL)
        if number not in signal.valid_signals():
            raise InvalidParameter(f"the linux daemon does not support signal {number}")
        live = engine.containers.get(reference)
        states.check(live.container, "kill", reference)
    except BoxshipError as error:
        raise type(error)(f"cannot kill container: {reference}: {error}") from None
    if number == signal.SIGKILL or number == stop_signal(live):
        live.stopped_by_user = True
        runtime_state.record_stop(engine, live.container)
        if await restart_policy.give_up(live):
            live.container.state.status = "exited"
            engine.containers.save_soon(live)
            return
    if number != signal.SIGKILL:
        await send(engine, live, number)
        return
    monitor = live.monitor
    await send_kill(engine, live)
    if monitor is not None:
        # Who kills may rely on the container being dead afterwards.
        await asyncio.wait({monitor}, timeout=_AFTER_KILL)


def stop_signal(live: Live) -> int:
    text = live.container.config.stop_signal
    return parse_signal(text) if text else int(signal.SIGTERM)


async def send(engine: "Engine", live: Live, number: int, unless_ignored: bool = False) -> bool:
    """Signal the first process; False if the kernel would have dropped it (*unless_ignored*)."""
    if live.shim is None:
        return True
    try:
        answer = await live.shim.request("signal", signal=number, unless_ignored=unless_ignored)
    except ShimError as error:
        if error.errno not in (0, errno.ESRCH):
            raise Internal(f"cannot signal container {live.id}: {error}") from None
        return True
    events.emit(engine, live.container, "kill", signal=str(int(number)))
    return not answer["ignored"]


async def send_kill(engine: "Engine", live: Live) -> None:
    """SIGKILL; a paused container is thawed, or the signal would wait."""
    await send(engine, live, int(signal.SIGKILL))
    if live.container.state.status == "paused":
        with contextlib.suppress(OSError):
            path = engine.cgroups.path_of(live.container.host_config.cgroup_parent, live.id)
            engine.cgroups.thaw(path)
