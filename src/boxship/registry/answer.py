"""One HTTP response as it arrives (RFC 9112): bounded head, body in pieces."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import httptools

from boxship.registry.connection import Connection
from boxship.registry.errors import Interrupted, ProtocolError
from boxship.registry.url import Url

STALL_TIME = 60.0  # seconds in which at least a little has to come
_LEAST = 4096  # bytes that are at least a little
# Registries check what they were sent before they answer.
_PATIENCE = {"POST": 10, "PUT": 10, "PATCH": 10}  # times as long
_DOCUMENT_TIME = 10  # times as long for all of a document
_MOST_HEAD = 64 << 10
_MOST_FRAMING = 16  # times as much as there is content
_NO_BODY = (204, 304)


class Answer:
    """The response to a request just sent. Whoever has it reads the body or gives it up."""

    def __init__(
        self, connection: Connection, method: str, url: Url, stall: float = STALL_TIME
    ) -> None:
        self.url = url
        self.status = 0
        self.headers: dict[str, str] = {}
        self._connection = connection
        self._is_head = method == "HEAD"
        self._parser: Any = httptools.HttpResponseParser(self)
        self._pieces: deque[bytes] = deque()
        self._head_size = self._unparsed = 0
        self._head_done = False
        self._done = False
        self._keeps = False  # the connection, once the answer has ended
        self._spoiled = False  # something came that is no part of it
        # Bytes to come of a body that is sent as it is: it needs no parser.
        self._left: int | None = None
        self._raw = self._content = 0  # bytes behind the head, and those of them that are the body
        self._stall = stall
        self._patience = stall * _PATIENCE.get(method, 1)
        self._window, self._came = time.monotonic(), 0

    # what the parser calls

    def on_message_begin(self) -> None:
        self._spoiled = self._spoiled or self._head_done

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_size += len(name) + len(value)
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self.headers.clear()
            return
        self.status = status
        self._head_done = True
        options = self.headers.get("connection", "").lower()
        self._keeps = self._parser.get_http_version() == "1.1" and "close" not in options
        if self._is_head or status in _NO_BODY:
            self._done = True
        elif "transfer-encoding" not in self.headers:
            self._left = self.length

    def on_body(self, data: bytes) -> None:
        if self._done:
            self._spoiled = True
        else:
            self._pieces.append(data)
            self._content += len(data)
            if self._left is not None:
                self._left -= len(data)

    def on_message_complete(self) -> None:
        self._done = self._done or self._head_done

    # what callers use

    async def head(self) -> None:
        """Wait for status and headers."""
        self._window, self._came = time.monotonic(), 0
        while not self._head_done:
            await self._feed(self._patience)
        self._window, self._came = time.monotonic(), 0

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request."""
        return self._done and self._keeps and not self._spoiled

    @property
    def length(self) -> int | None:
        """The body's announced length in bytes."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body. :class:`Interrupted` when it breaks off or stalls."""
        while True:
            while self._pieces:
                yield self._pieces.popleft()
            if self._done:
                return
            await self._feed(self._stall)

    async def read(self, limit: int) -> bytes:
        """The whole body. :class:`ProtocolError` beyond *limit* bytes, :class:`Interrupted` when it
        takes too long."""
        try:
            async with asyncio.timeout(self._stall * _DOCUMENT_TIME):
                return await self._read(limit)
        except TimeoutError:
            raise Interrupted(f"{self.url}: the answer takes too long") from None

    async def _read(self, limit: int) -> bytes:
        if (self.length or 0) > limit and not self._is_head:
            raise ProtocolError(f"{self.url}: the answer exceeds {limit} bytes")
        parts, size = [], 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > limit:
                raise ProtocolError(f"{self.url}: the answer exceeds {limit} bytes")
            parts.append(chunk)
        return b"".join(parts)

    async def _feed(self, patience: float) -> None:
        try:
            async with asyncio.timeout(patience):
                data = await self._connection.stream.read()
        except TimeoutError:
            raise Interrupted(f"{self.url}: no data for {patience:.0f} seconds") from None
        except OSError as error:
            raise Interrupted(f"{self.url}: {(error.strerror or str(error)).lower()}") from None
        if not data:
            return self._end()
        self._parse(data)
        if not self._done:
            self._demand_more(len(data), patience)
        if not self._head_done:
            self._unparsed += len(data)
        if max(self._unparsed, self._head_size) > _MOST_HEAD:
            raise ProtocolError(f"{self.url}: the headers exceed {_MOST_HEAD} bytes")
        return None

    def _demand_more(self, count: int, patience: float) -> None:
        """Drops now and then are no progress."""
        self._came += count
        now = time.monotonic()
        if now - self._window < patience:
            return
        if self._came < _LEAST:
            raise Interrupted(f"{self.url}: {self._came} bytes in {now - self._window:.0f} seconds")
        self._window, self._came = now, 0

    def _parse(self, data: bytes) -> None:
        if self._left:
            self._take(data, self._left)
            return
        if self._head_done:
            self._raw += len(data)
            if self._raw > _MOST_HEAD + _MOST_FRAMING * self._content:
                raise ProtocolError(f"{self.url}: chunks of nothing")
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self._done:
                raise ProtocolError(f"{self.url}: malformed HTTP response") from None

    def _take(self, data: bytes, left: int) -> None:
        self._spoiled = len(data) > left
        self._pieces.append(data[:left] if self._spoiled else data)
        self._left = max(left - len(data), 0)
        self._done = not self._left

    def _end(self) -> None:
        framed = "content-length" in self.headers or "transfer-encoding" in self.headers
        if not self._head_done or framed:
            raise Interrupted(f"{self.url}: unexpected EOF")
        self._done = True
