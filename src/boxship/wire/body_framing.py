"""Where a request's body ends: by length or in chunks (RFC 9112, sections 6 and 7).

Ours, because the bytes behind a body are the next request or, after a hijack, the stream itself,
and must come back untouched.
"""

import re
from typing import Protocol

from boxship.wire.errors import BadRequest

_SIZE_LINE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]*)?\Z")
_LINE_LIMIT = 4096
_TRAILER_LIMIT = 16384


class Framing(Protocol):
    done: bool

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """The part of *data* that is body, and what lies behind the body once ``done``."""


class ByLength:
    """A body of a known number of bytes."""

    __slots__ = ("_left", "done")

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = length == 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        if len(data) < self._left:
            self._left -= len(data)
            return data, b""
        part, rest = data[: self._left], data[self._left :]
        self._left = 0
        self.done = True
        return part, rest


class Chunked:
    """A chunked body; extensions and trailers are dropped."""

    __slots__ = ("_left", "_pending", "_state", "_trailer", "done")

    def __init__(self) -> None:
        self.done = False
        self._pending = b""
        self._left = 0
        self._trailer = 0
        self._state = self._size_line

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        rest = self._pending + data if self._pending else data
        self._pending = b""
        body: list[bytes] = []
        position = 0
        while not self.done:
            after = self._state(rest, position, body)
            if after < 0:
                self._pending = rest[position:]
                return b"".join(body), b""
            position = after
        return b"".join(body), rest[position:]

    def _line(self, data: bytes, position: int) -> tuple[bytes, int]:
        end = data.find(b"\r\n", position)
        if (end if end >= 0 else len(data)) - position > _LINE_LIMIT:
            raise BadRequest("malformed chunked encoding")
        return data[position:end], end + 2 if end >= 0 else -1

    def _size_line(self, data: bytes, position: int, body: list[bytes]) -> int:
        line, after = self._line(data, position)
        if after < 0:
            return after
        match = _SIZE_LINE.match(line)
        if match is None:
            raise BadRequest("malformed chunked encoding")
        self._left = int(match.group(1), 16)
        self._state = self._data if self._left else self._trailer_line
        return after

    def _data(self, data: bytes, position: int, body: list[bytes]) -> int:
        part = data[position : position + self._left]
        if not part:
            return -1
        body.append(part)
        self._left -= len(part)
        if not self._left:
            self._state = self._data_end
        return position + len(part)

    def _data_end(self, data: bytes, position: int, body: list[bytes]) -> int:
        if not b"\r\n".startswith(data[position : position + 2]):
            raise BadRequest("malformed chunked encoding")
        if len(data) - position < 2:
            return -1
        self._state = self._size_line
        return position + 2

    def _trailer_line(self, data: bytes, position: int, body: list[bytes]) -> int:
        line, after = self._line(data, position)
        if after < 0:
            return after
        self._trailer += len(line)
        if self._trailer > _TRAILER_LIMIT:
            raise BadRequest("malformed chunked encoding")
        self.done = not line
        return after
