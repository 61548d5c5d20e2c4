"""Mutual TLS for ``tcp://`` addresses. Imported only when a connection uses it."""

from __future__ import annotations

import os
import ssl

from boxship.base.errors import InvalidParameter
from boxship.client.connection import CHUNK, Connection
from boxship.client.hijack import Hijacked

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket


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


def wrap(sock: socket.socket, host: str, files: TlsFiles) -> ssl.SSLSocket:
    """*sock* after the TLS handshake. Takes ownership of it."""
    try:
        return _context(files).wrap_socket(sock, server_hostname=host)
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


class HijackedTls(Hijacked):
    """A hijacked connection whose bytes are encrypted.

    Its socket does not block: records that hold no data (session tickets) make it readable.
    """

    __slots__ = ("_tls",)

    def __init__(self, connection: Connection, multiplexed: bool) -> None:
        super().__init__(connection, multiplexed)
        assert isinstance(connection.sock, ssl.SSLSocket)
        self._tls = connection.sock
        self._tls.setblocking(False)

    def ready(self) -> bool:
        return super().ready() or self._tls.pending() > 0

    def _receive_now(self) -> bytes | None:
        try:
            return self._tls.recv(CHUNK)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError:
            return b""

    def send(self, data: bytes) -> int:
        try:
            return self._tls.send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0

    def close_write(self) -> None:
        """Tell the end of our input and go on reading (RFC 8446, section 6.1)."""
        try:
            self._tls.unwrap()
        except OSError:
            # The peer's own end has not come yet, which is what we want.
            pass
