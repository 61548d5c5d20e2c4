"""Asking other servers: one after the other, each question on a socket and port of its own."""

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Callable, Iterator

from boxship.kernel import process
from boxship.sandbox.dns import message
from boxship.sandbox.dns.deadlines import Deadlines
from boxship.sandbox.loop import READ, WRITE, Loop

#: Seconds that a server gets, and how many are asked: Docker's.
PATIENCE, SERVERS = 4.0, 3
_PORT = 53
_OWN = "/proc/self/ns/net"
# What another server may do better.
_TRY_NEXT = (message.SERVER_FAILURE, message.REFUSED)
Answer = Callable[[bytes | None], None]


class Server:
    """*inside*: it is asked from the container's network namespace, else from the host's."""

    __slots__ = ("address", "inside")

    def __init__(self, address: str, inside: bool) -> None:
        self.address = address
        self.inside = inside


class Exchange:
    """One question on its way through *servers*.

    *namespace*: a descriptor of the container's, borrowed.
    """

    __slots__ = (
        "_answer",
        "_incoming",
        "_namespace",
        "_owner",
        "_query",
        "_servers",
        "_socket",
        "_tcp",
    )

    def __init__(
        self, owner: "Upstream", query: bytes, tcp: bool, servers: list[Server], namespace: int
    ) -> None:
        self._owner = owner
        self._query = query
        self._tcp = tcp
        self._servers = servers[:SERVERS]
        self._namespace = namespace
        self._answer: Answer = _nobody
        self._socket: socket.SocketType | None = None
        self._incoming = b""

    def start(self, answer: Answer) -> None:
        """*answer* is called once, perhaps before this returns; with None if all servers fail."""
        self._answer = answer
        self.next_server()

    def next_server(self) -> None:
        self._close()
        while self._servers:
            try:
                self._ask(self._servers.pop(0))
                return
            except (OSError, UnicodeError):
                self._close()
        self._finish(None)

    def _ask(self, server: Server) -> None:
        family = socket.AF_INET6 if ":" in server.address else socket.AF_INET
        kind = socket.SOCK_STREAM if self._tcp else socket.SOCK_DGRAM
        flags = socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        with self._owner.inside(self._namespace if server.inside else -1):
            self._socket = socket.SocketType(family, kind | flags)
        self._incoming = b""
        code = self._socket.connect_ex(_destination(server.address))
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, os.strerror(code))
        if self._tcp:
            self._owner.loop.watch(self._socket.fileno(), WRITE, self._connected)
        else:
            self._socket.send(self._query)
            self._owner.loop.watch(self._socket.fileno(), READ, self._readable)
        self._owner.deadlines.set(self)

    def _connected(self, mask: int) -> None:
        assert self._socket is not None
        try:
            data = struct.pack(">H", len(self._query)) + self._query
            # A fresh connection's buffer holds a question, however long.
            if self._socket.send(data, socket.MSG_NOSIGNAL) != len(data):
                raise OSError(errno.ENOBUFS, "the question is not taken")
        except OSError:
            self.next_server()
        else:
            self._owner.loop.watch(self._socket.fileno(), READ, self._readable)

    def _readable(self, mask: int) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(message.TCP_LIMIT + 2)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if self._tcp and data:
            self._incoming += data
            size = int.from_bytes(self._incoming[:2], "big")
            if len(self._incoming) < 2 + max(size, 1):
                return
            data = self._incoming[2 : 2 + size]
        elif not self._tcp and data and not message.answers_to(self._query, data):
            return
        if message.answers_to(self._query, data) and message.code_of(data) not in _TRY_NEXT:
            self._finish(data)
        else:
            self.next_server()

    def _close(self) -> None:
        self._owner.deadlines.drop(self)
        if self._socket is not None:
            self._owner.loop.forget(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _finish(self, data: bytes | None) -> None:
        self._close()
        answer, self._answer = self._answer, _nobody
        answer(data)

    def cancel(self) -> None:
        """Nobody waits any more."""
        self._servers.clear()
        self._answer = _nobody
        self._close()


def _nobody(data: bytes | None) -> None:
    return


def _destination(address: str) -> tuple[str, int] | tuple[str, int, int, int]:
    host, _, zone = address.partition("%")
    if ":" not in host:
        return host, _PORT
    if zone and not zone.isdigit():
        return host, _PORT, 0, socket.if_nametoindex(zone)
    return host, _PORT, 0, int(zone or 0)


class Upstream:
    """Sends questions, and owns the descriptor of the namespace that this process lives in."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self._home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
        self.deadlines: Deadlines[Exchange] = Deadlines(loop, PATIENCE, Exchange.next_server)

    @contextlib.contextmanager
    def inside(self, namespace: int) -> Iterator[None]:
        """Sockets that are made meanwhile belong to *namespace*; -1: to ours."""
        if namespace < 0:
            yield
            return
        process.setns(namespace, process.CLONE_NEWNET)
        try:
            yield
        finally:
            process.setns(self._home, process.CLONE_NEWNET)
