"""A container's log for a client."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from boxship.base.errors import NotSupported
from boxship.base.futures import settle
from boxship.base.times import now_ns
from boxship.engine.containers.store import Live
from boxship.logs.entries import Selection
from boxship.logs.read import read

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

# How long after its start a program is given to end before its log is read, in nanoseconds.
_MOMENT = 50_000_000


def logs(
    engine: "Engine", reference: str, selection: Selection
) -> tuple[Live, AsyncIterator[bytes]]:
    """``GET /containers/{id}/logs``; following ends with the container."""
    live = engine.containers.get(reference)
    container = live.container
    if container.host_config.log_config.type == "none":
        raise NotSupported("configured logging driver does not support reading")
    selection.framed = not container.config.tty
    return live, _read(live, selection)


async def _read(live: Live, selection: Selection) -> AsyncIterator[bytes]:
    if not selection.follow:
        await _first_words(live)
    entries = read(live.container.log_path, selection, _end_of(live))
    async with contextlib.aclosing(entries):
        async for chunk in entries:
            yield chunk


async def _first_words(live: Live, moment: int = _MOMENT) -> None:
    """Many clients start a short program and read its log at once, in the faith that a start takes
    as long as such a program does: it gets a *moment* to end."""
    left = live.container.state.started_at + moment - now_ns()
    if live.shim is not None and 0 < left <= moment:
        await asyncio.wait([_end_of(live)], timeout=left / 1_000_000_000)


def _end_of(live: Live) -> "asyncio.Future[None]":
    """Done when the shim, which writes the log, is."""
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    if live.shim is None:
        ended.set_result(None)
    else:
        live.shim.exited.add_done_callback(lambda _: settle(ended))
    return ended
