"""Request bodies that a worker reads: they travel through a socket, with back-pressure."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

from boxship.api.request import Body, Request

T = TypeVar("T")
_BUFFER = 1 << 20


async def with_upload(request: Request, use: Callable[[int], Awaitable[T]]) -> T:
    """The result of *use*, which is given a descriptor to read the request's body from.

    When the client vanishes in the middle, *use* is cancelled instead of seeing an early end.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    pump = asyncio.create_task(_pump(request.body, ours))
    work = asyncio.ensure_future(use(theirs.fileno()))
    try:
        await asyncio.wait({pump, work}, return_when=asyncio.FIRST_COMPLETED)
        if pump.done():
            pump.result()
        return await work
    finally:
        for task in (pump, work):
            task.cancel()
        await asyncio.gather(pump, work, return_exceptions=True)
        ours.close()
        theirs.close()


async def _pump(body: Body, ours: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    async for chunk in body.chunks():
        try:
            await loop.sock_sendall(ours, chunk)
        except (BrokenPipeError, ConnectionResetError):
            return  # the worker has seen enough
    ours.shutdown(socket.SHUT_WR)
