"""The compressed bytes of one layer on their way from the disk and the network into a worker."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

from boxship.images.partial import Partial
from boxship.oci.layout import Descriptor
from boxship.registry import blobs
from boxship.registry.errors import Interrupted, TransportError
from boxship.registry.repository import Repository
from boxship.registry.retry import delay

T = TypeVar("T")
_BUFFER = 1 << 20
_PROGRESS = 64 << 10  # bytes for which it is worth to try again and again
_BATCH = 512 << 10  # bytes that a trip to a thread is worth
_GRACE = 10.0  # seconds for a worker to notice that its input has ended


class Feed:
    """Fetches *blob*, keeps it in *partial*, and hands every byte to the worker.

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

    async def into(self, work: Callable[[int], Awaitable[T]], done: Callable[[], None]) -> T:
        """The result of *work*, which reads the blob from a descriptor.

        *done* is called when the last byte is here and the digest is right. *work* that fails
        before ends the transfer.
        """
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        reading = asyncio.ensure_future(work(theirs.fileno()))
        await asyncio.sleep(0)  # so that the worker has its descriptor
        sending = asyncio.ensure_future(self._send(ours, done))
        try:
            await asyncio.wait({reading, sending}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
            return await reading
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            ours.close()
            await asyncio.wait({reading}, timeout=_GRACE)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            theirs.close()

    async def _send(self, ours: socket.socket, done: Callable[[], None]) -> None:
        await self._pump(ours)
        await asyncio.to_thread(self._partial.verify, self._blob.size)
        done()
        ours.shutdown(socket.SHUT_WR)

    async def _pump(self, ours: socket.socket) -> None:
        await self._replay(ours)
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

    async def _replay(self, ours: socket.socket) -> None:
        if self._partial.size > self._blob.size:
            await asyncio.to_thread(self._partial.restart)
        pieces = self._partial.replay()
        while piece := await asyncio.to_thread(next, pieces, b""):
            await _hand_over(ours, piece)

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

    async def _take(self, ours: socket.socket, data: bytes) -> None:
        if not data:
            return
        await asyncio.gather(asyncio.to_thread(self._partial.write, data), _hand_over(ours, data))
        self._tell(self._partial.size)


async def _hand_over(ours: socket.socket, data: bytes) -> None:
    try:
        await asyncio.get_running_loop().sock_sendall(ours, data)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the worker has given up and says why in its result


class _Batch:
    """Chunks that have come together."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._size = 0

    def add(self, chunk: bytes) -> bool:
        """Whether it is worth while to do something with them."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        return self._size >= _BATCH

    def empty(self) -> bytes:
        data = b"".join(self._chunks)
        self._chunks, self._size = [], 0
        return data
