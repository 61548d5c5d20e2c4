"""A connection's bytes, handed on as they were received: nothing of a large blob is copied."""

import asyncio
import ssl
from collections import deque
from typing import BinaryIO

_MOST = 1 << 20  # bytes that wait to be read before the other side has to


class Stream(asyncio.Protocol):
    """One connection, both ways; the event loop makes it. One reader and one writer at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._ended = False
        self._lost: OSError | None = None
        self._is_held = False
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    # what callers use

    async def read(self) -> bytes:
        """The next piece of any size, b"" at the end. ``OSError`` when the connection broke."""
        while not self._pieces:
            if self._lost is not None:
                raise self._lost
            if self._ended:
                return b""
            self._arrived.clear()
            await self._arrived.wait()
        piece = self._pieces.popleft()
        self._waiting -= len(piece)
        if self._is_held and self._waiting <= _MOST:
            self._is_held = False
            self.transport.resume_reading()
        return piece

    def write(self, data: bytes) -> None:
        self.transport.write(data)

    async def drain(self) -> None:
        """Wait until more can be written. ``OSError`` when the connection is gone."""
        await self._writable.wait()
        if self._lost is not None or self.transport.is_closing():
            raise self._lost or ConnectionResetError("connection lost")

    @property
    def is_plain(self) -> bool:
        """Whether nothing encrypts what is written."""
        return self.transport.get_extra_info("ssl_object") is None

    async def send_file(self, file: BinaryIO, offset: int, count: int) -> None:
        """Write that part of *file*, which stays in the kernel (sendfile(2)), and wait until it has
        gone. Only where :attr:`is_plain`; ``OSError`` when the connection is gone."""
        if self._lost is not None or self.transport.is_closing():
            raise self._lost or ConnectionResetError("connection lost")
        loop = asyncio.get_running_loop()
        sent = await loop.sendfile(self.transport, file, offset, count)
        if sent != count:
            raise OSError("the file is shorter than it was")

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Go on with TLS. What the other side has sent before is no part of it."""
        if self._pieces:
            raise ConnectionAbortedError("the other side speaks before TLS")
        loop = asyncio.get_running_loop()
        self._transport = await loop.start_tls(self.transport, self, context, server_hostname=host)

    def abort(self) -> None:
        self.transport.abort()

    @property
    def alive(self) -> bool:
        """Whether it may carry another request."""
        over = self._ended or self._lost is not None or self._pieces
        return not over and not self.transport.is_closing()

    @property
    def transport(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    # what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        self._waiting += len(data)
        self._arrived.set()
        if self._waiting > _MOST and not self._is_held:
            self._is_held = True
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        self._ended = True
        self._arrived.set()
        # A request may still be on its way out; TLS knows no such half.
        return self.is_plain

    def connection_lost(self, error: Exception | None) -> None:
        if isinstance(error, OSError):
            self._lost = error
        elif not self._ended:
            self._lost = ConnectionResetError("connection lost")
        self._ended = True
        self._arrived.set()
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()
