"""One stream: headers both ways, and length-prefixed messages of gRPC in between."""

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from typing import Protocol

from boxship.wire.http2.frames import STREAM_WINDOW, Code, Http2Error

Headers = list[tuple[str, str]]
# As gRPC's own default for what is received, times four: cache records can be large.
MAX_MESSAGE = 16 << 20
_PREFIX = struct.Struct(">BI")


class StreamReset(Exception):
    """The peer, or the end of the connection, has ended the stream before its time."""


class Owner(Protocol):
    """What a stream needs of its connection."""

    def send_headers(self, stream: "Stream", headers: Headers, end: bool) -> None: ...
    async def send_data(self, stream: "Stream", data: bytes, end: bool) -> None: ...
    def send_reset(self, stream: "Stream", code: Code) -> None: ...
    def forget(self, stream: "Stream") -> None: ...
    def consumed(self, stream: "Stream", count: int) -> None: ...


class Stream:
    """*window*: how much may be sent yet; *received*: how much the peer may; *taken*: how much of
    what it has sent was read, without its having been told."""

    __slots__ = (
        "_buffer",
        "_expected",
        "_held",
        "_messages",
        "_owner",
        "_waiting",
        "ended",
        "failure",
        "first",
        "headers",
        "local_ended",
        "number",
        "on_failure",
        "received",
        "taken",
        "window",
    )  # fmt: skip

    def __init__(self, owner: Owner, number: int, window: int) -> None:
        self._owner = owner
        self.number = number
        self.window = window
        self.headers: Headers = []
        self.first = True
        self.received = STREAM_WINDOW
        self.taken = 0
        self.ended = False
        self.local_ended = False
        self.failure: str | None = None
        self.on_failure: Callable[[], object] | None = None
        self._buffer = bytearray()
        self._expected = _PREFIX.size
        self._held = 0
        self._messages: deque[bytes] = deque()
        self._waiting: asyncio.Future[None] | None = None

    # what the connection calls

    @property
    def unfinished(self) -> int:
        """How much there is of a message whose end has not come."""
        return len(self._buffer)

    def take_headers(self, headers: Headers, end: bool) -> None:
        """:class:`Http2Error` for what are neither the first nor the last ones."""
        if not (self.first or end):
            raise Http2Error("headers in the middle of a stream")
        self.headers += headers
        self.first = False
        if end:
            self.ended = True
        self._wake()

    def take_data(self, data: bytes, end: bool) -> None:
        """:class:`Http2Error` for a message that is too long, or compressed."""
        self._held += len(data)
        if self._buffer:
            # However small the pieces are that a message comes in.
            self._buffer += data
            data = b""
            if len(self._buffer) >= self._expected:
                data = bytes(self._buffer)
                self._buffer.clear()
        at, size = 0, len(data)
        while size - at >= _PREFIX.size:
            compressed, length = _PREFIX.unpack_from(data, at)
            if compressed or length > MAX_MESSAGE:
                raise Http2Error("a message is compressed or too long")
            start = at + _PREFIX.size
            self._expected = _PREFIX.size + length
            if size - start < length:
                break
            at = start + length
            self._messages.append(data[start:at])
        if size - at < _PREFIX.size:
            self._expected = _PREFIX.size
        self._buffer += data[at:]
        if self._buffer and not self._messages:
            # A message may be longer than the window.
            self._release()
        if end:
            self.ended = True
        self._wake()

    def fail(self, reason: str) -> None:
        if self.failure is None:
            self.failure = reason
            if self.on_failure is not None:
                self.on_failure()
        self.ended = self.local_ended = True
        # What nobody will read must not keep others from sending.
        self._release()
        self._wake()

    def abandon(self) -> None:
        """Nobody will read what the peer may send yet: it need not send it."""
        self.on_failure = None
        self._messages.clear()
        self._buffer.clear()
        self._release()
        if not self.ended:
            self._owner.send_reset(self, Code.NO_ERROR)

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    # what its user calls

    async def _wait(self) -> None:
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    async def receive(self) -> list[bytes]:
        """All messages that are there, at least one; none when the peer has ended.

        :class:`StreamReset` when it was cut off."""
        while not self._messages and not self.ended:
            await self._wait()
        found = [*self._messages]
        self._messages.clear()
        self._release()
        if not found and self.failure is not None:
            raise StreamReset(self.failure)
        return found

    def _release(self) -> None:
        """Let the peer send as much again as has been taken from the stream."""
        if self._held:
            self._owner.consumed(self, self._held)
            self._held = 0

    def send_headers(self, headers: Headers, end: bool = False) -> None:
        self._owner.send_headers(self, headers, end)

    async def send(self, messages: list[bytes], end: bool = False) -> None:
        """:class:`StreamReset` when nobody wants them any more."""
        parts = []
        for message in messages:
            parts += [b"\0", len(message).to_bytes(4, "big"), message]
        await self._owner.send_data(self, b"".join(parts), end)

    def leave(self) -> None:
        """What the peer says from now on is dropped; it is told nothing."""
        self._owner.forget(self)

    def reset(self, code: Code = Code.CANCEL) -> None:
        self._owner.send_reset(self, code)
