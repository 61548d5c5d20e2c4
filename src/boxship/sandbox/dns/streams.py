"""Queries over TCP: messages with their length before them (RFC 7766)."""

import contextlib
import socket
from collections.abc import Callable

from boxship.sandbox.dns import message
from boxship.sandbox.dns.deadlines import Deadlines
from boxship.sandbox.loop import READ, WRITE, Loop

#: Connections of one container at a time, and seconds that one may be silent.
CONNECTIONS, SILENCE = 128, 10.0
# Bytes of answers that a client may leave unread.
_UNREAD = 4 * (message.TCP_LIMIT + 2)
# Bytes of questions that are taken before others get their turn.
_PIECE = 1 << 13
Ask = Callable[[bytes, Callable[[bytes], None]], None]


class Stream:
    """One connection."""

    def __init__(self, owner: "Streams", connection: socket.SocketType) -> None:
        self._owner = owner
        self._socket = connection
        self._incoming = b""
        self._outgoing = b""
        self._open = True

    def start(self) -> None:
        self._owner.loop.watch(self._socket.fileno(), READ, self._ready)

    def _ready(self, mask: int) -> None:
        if mask & WRITE:
            self._flush()
        if self._open and mask & READ:
            self._read()

    def _read(self) -> None:
        try:
            data = self._socket.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._owner.heard(self)
        incoming, at = self._incoming + data, 0
        while self._open and len(incoming) >= at + 2:
            end = at + 2 + int.from_bytes(incoming[at : at + 2], "big")
            if end < at + 2 + message.HEADER:
                # No question is that short: they would cost us more than the one who sends them.
                self.close()
                return
            if len(incoming) < end:
                break
            self._owner.ask(incoming[at + 2 : end], self._send)
            at = end
        self._incoming = incoming[at:]

    def _send(self, data: bytes) -> None:
        if not self._open:
            return
        self._outgoing += len(data).to_bytes(2, "big") + data
        if len(self._outgoing) > _UNREAD:
            self.close()
        else:
            self._flush()

    def _flush(self) -> None:
        try:
            sent = self._socket.send(self._outgoing, socket.MSG_NOSIGNAL)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return
        self._outgoing = self._outgoing[sent:]
        mask = READ | WRITE if self._outgoing else READ
        self._owner.loop.watch(self._socket.fileno(), mask, self._ready)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._owner.loop.forget(self._socket.fileno())
            self._socket.close()
            self._owner.silences.drop(self)


class Streams:
    """A listening socket (owned) and its connections. ``ask(query, send)`` answers by *send*."""

    def __init__(self, loop: Loop, listener: int, ask: Ask) -> None:
        self.loop = loop
        self.ask = ask
        self._listener = socket.socket(fileno=listener)
        self._listener.setblocking(False)
        self.silences: Deadlines[Stream] = Deadlines(loop, SILENCE, Stream.close)

    def start(self) -> None:
        self.loop.watch(self._listener.fileno(), READ, self._accept)

    def heard(self, stream: Stream) -> None:
        self.silences.set(stream)

    def _accept(self, mask: int) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            if len(self.silences) >= CONNECTIONS:
                connection.close()
                return
            connection.setblocking(False)
            stream = Stream(self, connection)
            self.heard(stream)
            stream.start()

    def close(self) -> None:
        self.loop.forget(self._listener.fileno())
        self._listener.close()
        for stream in self.silences.items():
            stream.close()
