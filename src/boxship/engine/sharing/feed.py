"""The compressed bytes of one layer on their way from the network to the disk, and what the worker
that stores the layer is told of them."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, suppress
from typing import TypeVar

from boxship.images.partial import Partial
from boxship.oci.layout import Descriptor
from boxship.registry import blobs
from boxship.registry.errors import Interrupted, TransportError
from boxship.registry.repository import Repository
from boxship.registry.retry import delay
from boxship.sandbox.workers.growing import SIZE

T = TypeVar("T")
_PROGRESS = 64 << 10  # bytes for which it is worth to try again and again
_BATCH = 512 << 10  # bytes that a trip to a thread is worth
_MOST_CHUNKS = 64  # of a batch; more are put together
_GRACE = 10.0  # seconds for a worker to notice that its input has ended


class Feed:
    """Fetches *blob* and keeps it in *partial*, which the worker reads behind us.

    *tell* gets the number of bytes so far, whenever it has grown.
    """

    def __init__(
        self,
        repository: Repository,
        blob: Descriptor,
        urls: tuple[str, ...],
        partial: Partial,
        tell: Callable[[int], None],
    ) -> None:
        self._repository = repository
        self._blob = blob
        self._urls = urls
        self._partial = partial
        self._tell = tell

    async def into(
        self,
        work: Callable[[Sequence[int]], Awaitable[T]],
        done: Callable[[], None],
        follow: Callable[[int], None],
    ) -> T:
        """The result of *work*, which gets the two descriptors of
        :mod:`boxship.sandbox.workers.growing`.

        *done* is called when the last byte is here and the digest is right; *follow*, in a thread,
        with the bytes that the worker has made. *work* that fails before ends the transfer.
        """
        with ExitStack() as stack:
            # Messages keep their borders.
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stack.callback(theirs.close)
            file = self._partial.reader()
            stack.callback(os.close, file)
            ours.setblocking(False)
            reading = asyncio.ensure_future(work([file, theirs.fileno()]))
            await asyncio.sleep(0)  # so that the worker has its descriptors
            sending = asyncio.ensure_future(self._send(ours, done))
            listening = asyncio.ensure_future(_listen(ours, follow))
            try:
                await asyncio.wait({reading, sending}, return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    sending.result()
                return await reading
            finally:
                sending.cancel()
                listening.cancel()
                await asyncio.gather(sending, listening, return_exceptions=True)
                ours.close()
                await asyncio.wait({reading}, timeout=_GRACE)
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _send(self, ours: socket.socket, done: Callable[[], None]) -> None:
        await self._pump(ours)
        await asyncio.to_thread(self._partial.verify, self._blob.size)
        done()
        with suppress(OSError):
            ours.shutdown(socket.SHUT_WR)

    async def _pump(self, ours: socket.socket) -> None:
        if self._partial.size > self._blob.size:
            await asyncio.to_thread(self._partial.restart)
        await _say(ours, self._partial.size)
        await asyncio.to_thread(self._partial.recall)
        attempt = 0
        while self._partial.size < self._blob.size:
            before = self._partial.size
            try:
                await self._fetch(ours)
            except TransportError as error:
                if not (self._partial.size or isinstance(error, Interrupted)):
                    raise  # it was never reached
                attempt = 0 if self._partial.size > before + _PROGRESS else attempt + 1
                pause = delay(attempt)
                if pause is None:
                    raise error
                await asyncio.sleep(pause)

    async def _fetch(self, ours: socket.socket) -> None:
        offset = self._partial.size
        async with blobs.fetch(self._repository, self._blob, offset, self._urls) as stream:
            skip = offset - stream.start
            batch = _Batch()
            try:
                async for chunk in stream.chunks:
                    fresh, skip = chunk[skip:], max(skip - len(chunk), 0)
                    if batch.add(fresh):
                        await self._take(ours, batch.empty())
            except Interrupted:
                await self._take(ours, batch.empty())
                raise
            await self._take(ours, batch.empty())

    async def _take(self, ours: socket.socket, chunks: list[bytes]) -> None:
        if not chunks:
            return
        await asyncio.to_thread(self._partial.write, chunks)
        await _say(ours, self._partial.size)
        self._tell(self._partial.size)


async def _say(ours: socket.socket, size: int) -> None:
    try:
        await asyncio.get_running_loop().sock_sendall(ours, SIZE.pack(size))
    except (BrokenPipeError, ConnectionResetError):
        pass  # the worker has given up and says why in its result


async def _listen(ours: socket.socket, follow: Callable[[int], None]) -> None:
    """What goes wrong here, the result shows."""
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        while len(message := await loop.sock_recv(ours, SIZE.size)) == SIZE.size:
            await asyncio.to_thread(follow, SIZE.unpack(message)[0])


class _Batch:
    """Chunks that have come together."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._size = 0

    def add(self, chunk: bytes) -> bool:
        """Whether it is worth while to do something with them."""
        if chunk:
            self._chunks.append(chunk)
            self._size += len(chunk)
        if len(self._chunks) >= _MOST_CHUNKS:
            self._chunks = [b"".join(self._chunks)]
        return self._size >= _BATCH

    def empty(self) -> list[bytes]:
        chunks = self._chunks
        self._chunks, self._size = [], 0
        return chunks
