"""Docker's multiplexed stream: a frame has a head of eight bytes (stream, zeros, 32-bit size)."""

from __future__ import annotations

STDOUT = 1
STDERR = 2
HEAD = 8


class Demultiplexer:
    """Splits the bytes of a multiplexed stream; a frame may arrive in any number of pieces."""

    __slots__ = ("_head", "_left", "_stream")

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self._stream = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """``(stream, bytes)`` in order; neighbours of one stream are joined."""
        pieces: list[tuple[int, list[bytes]]] = []
        view = memoryview(self._head + data) if self._head else memoryview(data)
        self._head = b""
        position, size = 0, len(view)
        while position < size:
            if not self._left:
                if size - position < HEAD:
                    self._head = bytes(view[position:])
                    break
                self._stream = view[position]
                self._left = int.from_bytes(view[position + 4 : position + HEAD], "big")
                position += HEAD
                continue
            part = bytes(view[position : position + self._left])
            position += len(part)
            self._left -= len(part)
            if pieces and pieces[-1][0] == self._stream:
                pieces[-1][1].append(part)
            else:
                pieces.append((self._stream, [part]))
        return [(stream, b"".join(parts)) for stream, parts in pieces]
