"""Pipes between the daemon's event loop and workers."""

import asyncio
import os
from collections.abc import AsyncIterator

from boxship.base.futures import settle

_CHUNK = 1 << 18


async def _readiness(fd: int, write: bool) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    add, drop = (
        (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
    )
    add(fd, lambda: settle(ready))
    try:
        await ready
    finally:
        drop(fd)


async def read_chunks(fd: int) -> AsyncIterator[bytes]:
    """What arrives on the pipe *fd*, which is closed at the end."""
    os.set_blocking(fd, False)
    try:
        while True:
            try:
                data = os.read(fd, _CHUNK)
            except BlockingIOError:
                await _readiness(fd, write=False)
                continue
            if not data:
                return
            yield data
    finally:
        os.close(fd)


async def copy_into(fd: int, chunks: AsyncIterator[bytes]) -> None:
    """Write *chunks* to the pipe *fd*, then close it. BrokenPipeError if the reader is gone."""
    os.set_blocking(fd, False)
    try:
        async for chunk in chunks:
            view = memoryview(chunk)
            while view:
                try:
                    view = view[os.write(fd, view) :]
                except BlockingIOError:
                    await _readiness(fd, write=True)
    finally:
        os.close(fd)
