"""A connection that the daemon turned into a stream in both directions (attach, exec)."""

from __future__ import annotations

import _socket

from boxship.client.connection import CHUNK, Connection
from boxship.client.frames import STDOUT, Demultiplexer

RAW_TYPE = "application/vnd.docker.raw-stream"
MULTIPLEXED_TYPE = "application/vnd.docker.multiplexed-stream"


class Hijacked:
    """Owns its connection. ``receive`` never blocks for longer than the socket's first bytes."""

    __slots__ = ("_connection", "_demultiplexer", "_sock")

    def __init__(self, connection: Connection, multiplexed: bool) -> None:
        self._connection = connection
        self._sock = connection.sock
        self._demultiplexer = Demultiplexer() if multiplexed else None

    def fileno(self) -> int:
        return self._sock.fileno()

    def ready(self) -> bool:
        """Whether bytes wait in this process, where poll does not see them."""
        return bool(self._connection.buffer)

    def unsent(self) -> bool:
        """Whether bytes that were taken wait for room in the socket."""
        return False

    def receive(self) -> list[tuple[int, bytes]] | None:
        """``(stream, bytes)`` as they come, or None at the end. A terminal's bytes are stdout."""
        data = self._receive_bytes()
        if data is None:
            return []
        if not data:
            return None
        if self._demultiplexer is None:
            return [(STDOUT, data)]
        return self._demultiplexer.feed(data)

    def _receive_bytes(self) -> bytes | None:
        buffer = self._connection.buffer
        if buffer:
            data = bytes(buffer)
            buffer.clear()
            return data
        return self._receive_now()

    def _receive_now(self) -> bytes | None:
        """Bytes of the socket, none at its end, None when there are none yet."""
        try:
            return self._sock.recv(CHUNK)
        except BlockingIOError:
            return None
        except ConnectionError:
            return b""

    def send(self, data: bytes) -> int:
        """Bytes that the socket took now: 0 when it is full. OSError once the peer has gone."""
        try:
            return self._sock.send(data, _socket.MSG_DONTWAIT | _socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return 0

    def close_write(self) -> None:
        """End of our input; the daemon closes the program's stdin."""
        try:
            self._sock.shutdown(_socket.SHUT_WR)
        except OSError:
            pass

    def close(self) -> None:
        self._connection.close()
