"""A container's log for a client."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from boxship.base.errors import NotSupported
from boxship.base.futures import settle
from boxship.engine.containers.store import Live
from boxship.logs.entries import Selection
from boxship.logs.read import read

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


def logs(
    engine: "Engine", reference: str, selection: Selection
) -> tuple[Live, AsyncIterator[bytes]]:
    """``GET /containers/{id}/logs``; following ends with the container."""
    live = engine.containers.get(reference)
    container = live.container
    if container.host_config.log_config.type == "none":
        raise NotSupported("configured logging driver does not support reading")
    selection.framed = not container.config.tty
    return live, read(container.log_path, selection, _end_of(live))


def _end_of(live: Live) -> "asyncio.Future[None]":
    """Done when the shim, which writes the log, is."""
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    if live.shim is None:
        ended.set_result(None)
    else:
        live.shim.exited.add_done_callback(lambda _: settle(ended))
    return ended
