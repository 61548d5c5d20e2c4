"""Mutual TLS for ``tcp://`` addresses. Imported only when a connection uses it."""

from __future__ import annotations

import os
import socket
import ssl

from boxship.base.errors import InvalidParameter
from boxship.client.connection import CHUNK, Connection
from boxship.client.hijack import Hijacked


class TlsFiles:
    """The user's certificate files; ``verify`` asks for the daemon's certificate to be checked.

    A file that was not named is taken from *directory* (``DOCKER_CERT_PATH``) when it is there.
    """

    __slots__ = ("ca", "certificate", "key", "verify")

    def __init__(
        self, directory: str, verify: bool, ca: str = "", certificate: str = "", key: str = ""
    ) -> None:
        self.verify = verify
        self.ca = ca or _existing(directory, "ca.pem")
        self.certificate = certificate or _existing(directory, "cert.pem")
        self.key = key or _existing(directory, "key.pem")


def _existing(directory: str, name: str) -> str:
    path = os.path.join(directory, name)
    return path if os.path.exists(path) else ""


def wrap(sock: socket.socket, host: str, files: TlsFiles) -> TlsSocket:
    """*sock* after the TLS handshake. Takes ownership of it."""
    try:
        return TlsSocket(sock, _context(files), host)
    except BaseException:
        sock.close()
        raise


def _context(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if files.verify:
            context.load_verify_locations(files.ca or None, capath=None)
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if files.certificate:
            context.load_cert_chain(files.certificate, files.key or None)
    except (OSError, TypeError) as error:
        raise InvalidParameter(f"cannot load the TLS certificates: {error}") from error
    return context


class TlsSocket:
    """A connected socket whose bytes are encrypted; what :class:`Connection` needs of a socket.

    The session works on memory buffers: ``SSLSocket.unwrap`` reads on after it has written the
    close_notify, and loses a record that the peer sends meanwhile. Over buffers that hold no
    whole record it only writes (RFC 8446, section 6.1).
    """

    __slots__ = ("_incoming", "_outgoing", "_plain", "_session", "_sock", "_unsent")

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._sock = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._plain = bytearray()
        self._unsent = bytearray()
        self._handshake()

    def _handshake(self) -> None:
        while True:
            try:
                self._session.do_handshake()
                return
            except ssl.SSLWantReadError:
                self._sock.sendall(self._outgoing.read())
                data = self._sock.recv(CHUNK)
                if not data:
                    raise ConnectionResetError("the server ended the TLS handshake") from None
                self._incoming.write(data)
            finally:
                self._sock.sendall(self._outgoing.read())

    def fileno(self) -> int:
        return self._sock.fileno()

    def setblocking(self, blocking: bool) -> None:
        self._sock.setblocking(blocking)

    def settimeout(self, seconds: float | None) -> None:
        self._sock.settimeout(seconds)

    def pending(self) -> bool:
        """Whether decrypted bytes wait in this process."""
        return bool(self._plain)

    def recv(self, most: int) -> bytes:
        """Decrypted bytes, none at the end of the peer's; :class:`BlockingIOError`."""
        while not self._plain:
            data = self._sock.recv(CHUNK)
            if data:
                self._incoming.write(data)
            if self._decrypt() or not data:
                break
        data = bytes(self._plain[:most])
        del self._plain[:most]
        return data

    def _decrypt(self) -> bool:
        """Read all whole records; True when the peer has ended its side."""
        try:
            while part := self._session.read(CHUNK):
                self._plain += part
            return True
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLZeroReturnError:
            return True

    def sendall(self, data: bytes) -> None:
        self._session.write(data)
        self._unsent += self._outgoing.read()
        self._sock.sendall(self._unsent)
        self._unsent.clear()

    def send(self, data: bytes, flags: int = 0) -> int:
        """Bytes taken: at most what the socket took now and one chunk that waits in here."""
        if not self.flush():
            return 0
        sent = self._session.write(data[:CHUNK])
        self._unsent += self._outgoing.read()
        self.flush()
        return sent

    def flush(self) -> bool:
        """Send what waits; True when nothing does any more."""
        while self._unsent:
            try:
                sent = self._sock.send(self._unsent, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
            except BlockingIOError:
                return False
            del self._unsent[:sent]
        return True

    def shutdown(self, how: int) -> None:
        """End our input (``SHUT_WR``, the only way that is served) and go on reading."""
        self._decrypt()
        try:
            self._session.unwrap()
        except ssl.SSLError:
            pass  # The peer's own end has not come yet, which is what we want.
        self._unsent += self._outgoing.read()
        self.flush()

    def close(self) -> None:
        self._sock.close()


class HijackedTls(Hijacked):
    """A hijacked connection whose bytes are encrypted.

    Its socket does not block: records that hold no data (session tickets) make it readable.
    """

    __slots__ = ("_tls",)

    def __init__(self, connection: Connection, multiplexed: bool) -> None:
        super().__init__(connection, multiplexed)
        assert isinstance(connection.sock, TlsSocket)
        self._tls = connection.sock
        self._tls.setblocking(False)

    def ready(self) -> bool:
        return super().ready() or self._tls.pending()

    def unsent(self) -> bool:
        return not self._tls.flush()

    def _receive_now(self) -> bytes | None:
        try:
            return self._tls.recv(CHUNK)
        except BlockingIOError:
            return None
        except OSError:
            return b""
