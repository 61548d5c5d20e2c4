"""TLS on the server's side, one thread per connection."""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from boxship.base.errors import InvalidParameter
from boxship.wire.keep_alive import keep_alive
from boxship.wire.peer import Peer, peer_of
from boxship.wire.relay import CodecError, Relay

_log = logging.getLogger(__name__)
_CHUNK = 64 << 10
_HANDSHAKE_TIME = 10.0
_PLAIN_HTTP = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
_METHODS = (b"GET ", b"HEAD", b"POST", b"PUT ", b"DELE", b"OPTI", b"PATC")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Paths of PEM files. With *verify*, clients must show a certificate that *ca* signed."""

    cert: str
    key: str
    ca: str | None = None
    verify: bool = False

    def context(self) -> ssl.SSLContext:
        """:class:`InvalidParameter` when a file is missing or does not fit."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.verify and self.ca is None:
            raise InvalidParameter("TLS verification of clients needs a CA certificate")
        try:
            context.load_cert_chain(self.cert, self.key)
            if self.ca is not None:
                context.load_verify_locations(self.ca)
        except (OSError, ssl.SSLError) as error:
            raise InvalidParameter(
                f"could not load X509 key pair (cert: {self.cert!r}, key: {self.key!r}): {error}"
            ) from None
        if self.verify:
            context.verify_mode = ssl.CERT_REQUIRED
        return context


class TlsCodec:
    """A handshaken session over memory buffers (boxship.wire.relay.Codec).

    Python's ``SSLSocket.unwrap`` waits for the peer; over buffers it only writes the close_notify,
    which is all that a half-close needs (RFC 8446, section 6.1).
    """

    def __init__(
        self, session: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO
    ) -> None:
        self._session = session
        self._incoming = incoming
        self._outgoing = outgoing
        self.inbound_ended = False
        self.closed = False

    def receive(self, data: bytes) -> bytes:
        self._incoming.write(data)
        parts: list[bytes] = []
        try:
            while part := self._session.read(_CHUNK):
                parts.append(part)
            self.inbound_ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.inbound_ended = True
        except ssl.SSLError as error:
            raise CodecError(str(error)) from None
        return b"".join(parts)

    def receive_eof(self) -> None:
        self.inbound_ended = True

    def send(self, data: bytes) -> None:
        try:
            self._session.write(data)
        except ssl.SSLError:
            self.closed = True

    def send_eof(self) -> None:
        try:
            self._session.unwrap()
        except ssl.SSLError:  # SSLWantReadError: written, the peer's own is not awaited
            pass

    def outgoing(self) -> bytes:
        return self._outgoing.read()


class TlsTerminator:
    """Turns accepted TCP connections into plain ones.

    *serve* gets our end of a socket pair and the peer, in the connection's thread, once the
    handshake has succeeded.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        serve: Callable[[socket.socket, Peer], None],
        most: int = 512,
    ) -> None:
        self._context = context
        self._serve = serve
        self._slots = threading.BoundedSemaphore(most)

    def accept(self, client: socket.socket) -> None:
        """Take over *client*; beyond the most connections at a time it is closed."""
        if not self._slots.acquire(blocking=False):
            client.close()
            return
        threading.Thread(target=self._run, args=(client,), name="tls", daemon=True).start()

    def _run(self, client: socket.socket) -> None:
        try:
            keep_alive(client)
            self._relay(client)
        except (OSError, CodecError) as error:
            _log.info("TLS handshake with %s failed: %s", peer_of(client).address, error)
        finally:
            client.close()
            self._slots.release()

    def _relay(self, client: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = self._context.wrap_bio(incoming, outgoing, server_side=True)
        _handshake(client, session, incoming, outgoing)
        inner, outer = socket.socketpair()
        address = peer_of(client).address
        self._serve(outer, Peer("tls", address=address, subject=_common_name(session)))
        Relay(client, inner, TlsCodec(session, incoming, outgoing)).run()


def _handshake(
    client: socket.socket, session: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO
) -> None:
    deadline = time.monotonic() + _HANDSHAKE_TIME
    seen = b""
    while True:
        try:
            session.do_handshake()
            client.sendall(outgoing.read())
            return
        except ssl.SSLWantReadError:
            client.sendall(outgoing.read())
        except ssl.SSLError:
            client.sendall(_PLAIN_HTTP if seen.startswith(_METHODS) else outgoing.read())
            raise
        client.settimeout(max(0.001, deadline - time.monotonic()))
        data = client.recv(_CHUNK)
        if not data:
            raise CodecError("client closed the connection")
        seen = (seen + data)[:8]
        incoming.write(data)


def _common_name(session: ssl.SSLObject) -> str | None:
    subject = (session.getpeercert() or {}).get("subject", ())
    for names in subject:
        assert isinstance(names, tuple)
        for entry in names:
            if entry[0] == "commonName":
                return str(entry[1])
    return None
