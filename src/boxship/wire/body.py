"""A request's body on its way from the connection to the handler."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from boxship.wire.errors import ClientGone, PayloadTooLarge, RequestTimeout


class IncomingBody:
    """A queue with one reader. The connection pushes and pauses by :attr:`size`; the first read
    tells the client to continue, each read lets the connection resume."""

    __slots__ = ("_chunks", "_error", "_on_read", "_time", "_waiter", "complete", "empty", "size")

    def __init__(self, *, empty: bool, time: float, on_read: Callable[[], None]) -> None:
        self.empty = empty
        self.complete = empty
        self.size = 0
        self._chunks: deque[bytes] = deque()
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._time = time
        self._on_read = on_read

    def push(self, data: bytes) -> None:
        if data:
            self._chunks.append(data)
            self.size += len(data)
            self._wake()

    def finish(self) -> None:
        self.complete = True
        self._wake()

    def fail(self, error: Exception) -> None:
        """Readers get *error* after the chunks that did arrive."""
        if not self.complete and self._error is None:
            self._error = error
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _next(self) -> bytes:
        self._on_read()
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self.complete:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        chunk = self._chunks.popleft()
        self.size -= len(chunk)
        self._on_read()
        return chunk

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives; ClientGone or BadRequest when it is cut off or malformed."""
        while chunk := await self._next():
            yield chunk

    async def read_all(self, limit: int) -> bytes:
        """The whole body. PayloadTooLarge beyond *limit* bytes, RequestTimeout when it is slow."""
        parts: list[bytes] = []
        total = 0
        try:
            async with asyncio.timeout(None if self.complete else self._time):
                while chunk := await self._next():
                    total += len(chunk)
                    if total > limit:
                        raise PayloadTooLarge(f"request body exceeds {limit} bytes")
                    parts.append(chunk)
        except TimeoutError:
            raise RequestTimeout("request body did not arrive in time") from None
        return b"".join(parts)


def cut_off() -> ClientGone:
    return ClientGone("client closed the connection before the end of its request")
