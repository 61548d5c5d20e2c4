"""One connection to the daemon: bytes out, buffered bytes in."""

from __future__ import annotations

import _socket
from os import geteuid

from boxship.client.endpoint import DEFAULT_ADDRESS
from boxship.client.errors import CannotConnect, ConnectionLost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.client.endpoint import Endpoint
    from boxship.client.tls import TlsFiles, TlsSocket

CHUNK = 65536


def connect(endpoint: Endpoint, tls: TlsFiles | None = None) -> Connection:
    """A fresh connection; :class:`CannotConnect` names the address and the reason."""
    if endpoint.scheme == "ssh":
        from boxship.client import ssh

        return ssh.connect(endpoint)
    try:
        return Connection(_open(endpoint, tls))
    except PermissionError as error:
        from boxship.client.access import refused

        raise CannotConnect(refused(endpoint)) from error
    except (FileNotFoundError, ConnectionRefusedError, _socket.gaierror, TimeoutError) as error:
        raise CannotConnect(
            f"Cannot connect to the Boxship daemon at {endpoint.text}. "
            f"Is the boxship daemon running? ({error.strerror or error}){_start_hint(endpoint)}"
        ) from error
    except OSError as error:
        raise CannotConnect(
            f"error during connect to the Boxship daemon at {endpoint.text}: {error}"
        ) from error


def _start_hint(endpoint: Endpoint) -> str:
    """Return how an ordinary user has this machine's daemon started; root's commands start it."""
    if endpoint.text != DEFAULT_ADDRESS or geteuid() == 0:
        return ""
    return (
        "\nOnly root can start it: sudo boxship info (once), or "
        "sudo boxship system install-service (at every boot)"
    )


def _open(endpoint: Endpoint, tls: TlsFiles | None) -> _socket.socket | TlsSocket:
    if endpoint.scheme == "unix":
        return _open_unix(endpoint.path)
    import socket

    sock = socket.create_connection((endpoint.host, endpoint.port), timeout=30)
    sock.settimeout(None)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if tls is None:
        return sock
    from boxship.client.tls import wrap

    return wrap(sock, endpoint.host, tls)


def _open_unix(path: str) -> _socket.socket:
    """The module socket would cost a short command 3 ms and give it nothing that it needs."""
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
    try:
        sock.connect(path)
    except BaseException:
        sock.close()
        raise
    return sock


def _lost(error: OSError) -> ConnectionLost:
    return ConnectionLost(f"the connection to the daemon failed: {error.strerror or error}")


class Connection:
    """Owns its socket. ``buffer`` holds bytes received and not yet consumed."""

    __slots__ = ("buffer", "sock")

    def __init__(self, sock: _socket.socket | TlsSocket) -> None:
        self.sock = sock
        self.buffer = bytearray()

    def send(self, data: bytes) -> None:
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise _lost(error) from error

    def send_descriptors(self, descriptors: list[int]) -> None:
        """Hand copies of them to the peer of a unix socket, with a byte of data (unix(7))."""
        import sys

        packed = b"".join(fd.to_bytes(4, sys.byteorder) for fd in descriptors)
        rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed)
        assert isinstance(self.sock, _socket.socket)
        try:
            self.sock.sendmsg([b"."], [rights])
        except OSError as error:
            raise _lost(error) from error

    def fill(self) -> bool:
        """Wait for more bytes; False at the end of the stream."""
        try:
            data = self.sock.recv(CHUNK)
        except OSError as error:
            raise _lost(error) from error
        self.buffer += data
        return bool(data)

    def take(self, count: int) -> bytes:
        """Up to *count* buffered bytes, waiting for one at least; empty at the end."""
        if not self.buffer and not self.fill():
            return b""
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def take_line(self, limit: int = 65536) -> bytes:
        """The next line without its CR LF; :class:`ConnectionLost` when the stream ends first."""
        while (end := self.buffer.find(b"\n")) < 0:
            if len(self.buffer) > limit or not self.fill():
                raise ConnectionLost("the daemon closed the connection without a complete answer")
        line = bytes(self.buffer[:end]).rstrip(b"\r")
        del self.buffer[: end + 1]
        return line

    def close(self) -> None:
        self.sock.close()
