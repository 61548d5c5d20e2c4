"""Restart on unhealthy, for containers whose label asks for it; Docker itself only reports."""

from typing import TYPE_CHECKING

from boxship.engine.containers import stop
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import Live

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

LABEL = "boxship.restart-on-unhealthy"


def asks_for_restart(container: Container) -> bool:
    return (container.config.labels or {}).get(LABEL, "").lower() in ("1", "true", "yes")


async def end(engine: "Engine", live: Live) -> None:
    """Stop the program as ``docker stop`` would; then it is started again as after a failure,
    with the delays of a restart policy, whatever the policy. A stop by the user prevails."""
    monitor = live.monitor
    if monitor is None or live.stopped_by_user:
        return
    live.unhealthy = True
    await stop.signal_and_wait(engine, live, monitor, None, 0)
