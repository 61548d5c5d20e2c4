"""Restart policies: whether, and after how long."""

import asyncio
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError
from boxship.engine.containers import start
from boxship.engine.containers.store import Live

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_FIRST, _LONGEST = 0.1, 60.0
# A run of this many seconds counts as a success: the delay begins anew.
_STABLE = 10


def wanted(live: Live) -> bool:
    """Whether the policy restarts the container after the exit that it has just had."""
    container = live.container
    policy = container.host_config.restart_policy
    ended_for_health, live.unhealthy = live.unhealthy, False
    if live.stopped_by_user:
        return False
    if ended_for_health:
        return True
    if policy.name in ("always", "unless-stopped"):
        return True
    if policy.name != "on-failure" or container.state.exit_code == 0:
        return False
    limit = policy.maximum_retry_count
    return limit == 0 or container.restart_count < limit


def delay(restarts: int) -> float:
    """Seconds before restart number *restarts* (from 0): doubling, at most a minute."""
    return float(min(_LONGEST, _FIRST * 2 ** min(restarts, 12)))


async def restart(engine: "Engine", live: Live, duration: int) -> None:
    """Wait, then start again, unless the user stops or removes the container meanwhile."""
    container = live.container
    if duration >= _STABLE:
        live.quick_restarts = 0
    await asyncio.sleep(delay(live.quick_restarts))
    live.quick_restarts += 1
    async with live.lock:
        if container.state.status != "restarting" or live.stopped_by_user:
            return
        # From here on it is a start like any other, which is awaited and not given up.
        live.restart_task = None
        container.restart_count += 1
        try:
            await start.launch(engine, live)
        except BoxshipError:
            return


async def give_up(live: Live) -> bool:
    """As :func:`cancel`; a restart that has begun is awaited, for it cannot be undone halfway.
    Nobody who calls this holds the container's lock."""
    if cancel(live):
        return True
    if live.container.state.status != "restarting":
        return False
    async with live.lock:
        pass
    # The end that leads to the restart may have been under way as well.
    return cancel(live) or live.container.state.status == "restarting"


def cancel(live: Live) -> bool:
    """Give up a pending restart; whether there was one. The caller sets the state."""
    task, live.restart_task = live.restart_task, None
    if task is None or task.done():
        return False
    task.cancel()
    return True
