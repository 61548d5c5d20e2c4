"""Waiting for a container's end or removal."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from boxship.base.errors import InvalidParameter
from boxship.engine.containers import ended, removal
from boxship.engine.containers.store import Live

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

CONDITIONS = ("", "not-running", "next-exit", "removed")


def begin(engine: "Engine", reference: str, condition: str) -> Awaitable[int]:
    """Start to wait for *condition*; the result is the exit code.

    Errors are raised here, before anything is awaited, so that they still get a status.
    """
    if condition not in CONDITIONS:
        raise InvalidParameter(f'invalid condition: "{condition}"')
    live = engine.containers.get(reference)
    if condition == "removed":
        return removal.removed(live)
    if condition != "next-exit" and not live.container.state.running:
        return _now(live)
    return ended.next_exit(live)


async def _now(live: Live) -> int:
    return live.container.state.exit_code
