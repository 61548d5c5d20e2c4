"""Moves bytes between a client's socket and one of ours, through a codec, in a thread of its own.

asyncio cannot half-close a TLS connection, and a container's stdio goes to another process that
knows neither TLS nor WebSocket: both get a plain socket, whose far end is kept here.
"""

import select
import socket
import time
from typing import Protocol

_CHUNK = 64 << 10
_BACKLOG = 256 << 10
_LINGER = 2.0


class CodecError(Exception):
    """The client broke the codec's protocol; what the codec still has to say goes out first."""


class Codec(Protocol):
    """Translates between the client's bytes and the plain stream."""

    inbound_ended: bool
    """The client has ended its side of the stream."""
    closed: bool
    """The client wants nothing more in either direction."""

    def receive(self, data: bytes) -> bytes:
        """Client's bytes to plain ones; CodecError."""

    def receive_eof(self) -> None:
        """The client's transport has ended."""

    def send(self, data: bytes) -> None:
        """Plain bytes to be sent to the client."""

    def send_eof(self) -> None:
        """The plain stream has ended."""

    def outgoing(self) -> bytes:
        """Bytes for the client's socket, handed out once."""


class Relay:
    """Owns both sockets; :meth:`run` returns when they are closed."""

    def __init__(self, client: socket.socket, plain: socket.socket, codec: Codec) -> None:
        self._client = client
        self._plain = plain
        self._codec = codec
        self._to_client = bytearray()
        self._to_plain = bytearray()
        self._plain_ended = False
        self._plain_gone = False
        self._plain_shut = False
        self._client_ended = False
        self._client_shut = False
        self._client_gone = False
        self._linger_until: float | None = None

    def run(self, received: bytes = b"") -> None:
        """Relay until both directions have ended; *received* was read from the client before."""
        self._client.setblocking(False)
        self._plain.setblocking(False)
        try:
            self._decode(received)
            while self._step():
                pass
        except OSError:
            pass
        finally:
            self._client.close()
            self._plain.close()

    def _step(self) -> bool:
        """One round; False when there is nothing left to do."""
        self._to_client += self._codec.outgoing()
        self._flush_client()
        self._flush_plain()
        if self._over():
            return False
        poller = select.poll()
        self._register(poller)
        ready = dict(poller.poll(self._timeout()))
        if self._linger_until is not None and time.monotonic() >= self._linger_until:
            return False
        client, plain = ready.get(self._client.fileno(), 0), ready.get(self._plain.fileno(), 0)
        if client & select.POLLIN:
            self._read_client()
        elif client & (select.POLLHUP | select.POLLERR):
            self._client_gone = self._client_ended = True
            self._codec.receive_eof()
        if plain & select.POLLIN or (plain & select.POLLHUP and not self._plain_ended):
            self._read_plain()
        self._plain_gone |= bool(plain & (select.POLLHUP | select.POLLERR))
        return True

    def _register(self, poller: "select.poll") -> None:
        client = select.POLLOUT if self._to_client else 0
        # More than what the stream may leave there is the codec's own: answers that are not read.
        is_deaf = len(self._to_client) >= 2 * _BACKLOG
        if not self._client_ended and not is_deaf and len(self._to_plain) < _BACKLOG:
            client |= select.POLLIN
        if not self._client_gone:
            poller.register(self._client, client)
        plain = select.POLLOUT if self._to_plain and not self._plain_gone else 0
        if not self._plain_ended and len(self._to_client) < _BACKLOG:
            plain |= select.POLLIN
        if plain or not self._plain_gone:
            poller.register(self._plain, plain)

    def _timeout(self) -> float | None:
        if self._linger_until is None:
            return None
        return max(0.0, self._linger_until - time.monotonic()) * 1000

    def _over(self) -> bool:
        """Both ways are done; what a client sent before it left still arrives.

        A client that we ended may take a moment to hang up, so that its unread bytes do not reset
        the connection under our last ones.
        """
        if self._client_gone:
            return not self._to_plain
        if self._to_client or not (self._plain_ended or self._codec.closed):
            return False
        if self._client_ended or self._codec.inbound_ended:
            return self._codec.closed or self._plain_shut or self._plain_gone
        if self._linger_until is None and (self._plain_gone or self._codec.closed):
            self._linger_until = time.monotonic() + _LINGER
        return False

    def _read_client(self) -> None:
        data = self._client.recv(_CHUNK)
        if data:
            self._decode(data)
        else:
            self._client_ended = True
            self._codec.receive_eof()

    def _decode(self, data: bytes) -> None:
        try:
            plain = self._codec.receive(data)
        except CodecError:
            self._codec.closed = True
            return
        if not self._plain_gone:
            self._to_plain += plain

    def _read_plain(self) -> None:
        data = self._plain.recv(_CHUNK)
        if data:
            self._codec.send(data)
        else:
            self._plain_ended = True
            self._codec.send_eof()

    def _flush_client(self) -> None:
        if self._client_gone:
            self._to_client.clear()
            return
        _send(self._client, self._to_client)
        if self._plain_ended and not self._to_client and not self._client_shut:
            self._client_shut = True
            self._client.shutdown(socket.SHUT_WR)

    def _flush_plain(self) -> None:
        try:
            _send(self._plain, self._to_plain)
        except (BrokenPipeError, ConnectionResetError):
            self._plain_gone = True
        if self._plain_gone:
            self._to_plain.clear()
        if self._codec.inbound_ended and not self._to_plain and not self._plain_shut:
            self._plain_shut = True
            if not self._plain_gone:
                self._plain.shutdown(socket.SHUT_WR)


def _send(sock: socket.socket, pending: bytearray) -> None:
    while pending:
        try:
            sent = sock.send(memoryview(pending)[: _CHUNK * 4])
        except BlockingIOError:
            return
        del pending[:sent]
