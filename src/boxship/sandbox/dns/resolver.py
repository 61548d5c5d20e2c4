"""The resolver of one container: its sockets inside the container's network, and its answers."""

import contextlib
import os
import select
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from boxship.sandbox.dns import message, reverse
from boxship.sandbox.dns.names import Names, View
from boxship.sandbox.dns.streams import Streams
from boxship.sandbox.dns.upstream import Exchange, Server, Upstream
from boxship.sandbox.loop import READ

#: Questions of one container that wait for other servers at a time: Docker's.
WAITING = 1024
# Packets that are taken before others get their turn.
_BURST = 16
_VERSIONS = {message.A: 4, message.AAAA: 16}
Send = Callable[[bytes], None]


class Resolver:
    """Owns its descriptors: *fds* are the UDP socket, the listening TCP socket, the namespace."""

    def __init__(self, upstream: Upstream, fds: list[int]) -> None:
        self._upstream = upstream
        self._loop = upstream.loop
        self._packets = socket.SocketType(fileno=fds[0])
        self._packets.setblocking(False)
        self._namespace = fds[2]
        self._pidfd = -1
        self._waiting: set[Exchange] = set()
        self._view: View
        self._servers: list[Server] = []
        self._forwards = self._qualified = False
        self._streams = Streams(self._loop, fds[1], self._ask_stream)

    def configure(self, names: Names, spec: dict[str, Any]) -> None:
        """*spec*: networks, links, servers, forward, qualified (see engine/networks/resolving)."""
        networks = [(row[0], row[1]) for row in spec["networks"]]
        self._view = View(names, networks, spec["links"])
        self._servers = [Server(address, inside) for address, inside in spec["servers"]]
        self._forwards = spec["forward"]
        self._qualified = spec["qualified"]

    def start(self) -> None:
        self._loop.watch(self._packets.fileno(), READ, self._readable)
        self._streams.start()

    def follow(self, pidfd: int, ended: Callable[[], None]) -> None:
        """Have *ended* called when the process *pidfd* (owned from now on) is gone."""
        self._unfollow()
        self._pidfd = pidfd
        self._loop.watch(pidfd, select.EPOLLIN, lambda mask: ended())

    def _unfollow(self) -> None:
        if self._pidfd >= 0:
            self._loop.forget(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1

    def close(self) -> None:
        for exchange in self._waiting:
            exchange.cancel()
        self._waiting.clear()
        self._unfollow()
        self._loop.forget(self._packets.fileno())
        self._packets.close()
        self._streams.close()
        os.close(self._namespace)

    def _readable(self, mask: int) -> None:
        for _ in range(_BURST):
            try:
                data, peer = self._packets.recvfrom(message.TCP_LIMIT)
            except OSError:
                return
            self._ask(data, False, partial(self._send, peer))

    def _send(self, peer: tuple[str, int], data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._packets.sendto(data, peer)

    def _ask_stream(self, data: bytes, send: Send) -> None:
        self._ask(data, True, send)

    def _ask(self, data: bytes, tcp: bool, send: Send) -> None:
        if not message.is_query(data):
            return
        try:
            if not message.is_standard(data):
                raise message.FormatError
            query = message.read_query(data)
        except message.FormatError:
            send(message.rejection(data))
            return
        found = self._own(query, message.TCP_LIMIT if tcp else query.limit)
        if found is not None:
            send(found)
        else:
            self._forward(query, data, tcp, send)

    def _own(self, query: message.Query, limit: int) -> bytes | None:
        """The answer that we know; None for what others may know."""
        if query.kind in _VERSIONS:
            return self._addresses(query, limit)
        if query.kind == message.PTR:
            address = reverse.address_of(query.name)
            name = self._view.name_of(address) if address else None
            value = message.encode_name(name) if name else None
            return message.answers(query, message.PTR, [value], limit) if value else None
        if query.kind == message.MX and self._view.addresses(query.name) is not None:
            return message.answers(query, query.kind, [], limit)
        return None

    def _addresses(self, query: message.Query, limit: int) -> bytes | None:
        found = self._view.addresses(query.name)
        if found is None:
            # Whoever has set ndots wants single names to be completed by the search list.
            if self._qualified and "." not in query.name:
                found = []
            else:
                return None
        size = _VERSIONS[query.kind]
        return message.answers(query, query.kind, [a for a in found if len(a) == size], limit)

    def _forward(self, query: message.Query, data: bytes, tcp: bool, send: Send) -> None:
        if not self._forwards:
            send(message.failure(query, message.SERVER_FAILURE))
            return
        if len(self._waiting) >= WAITING:
            send(message.failure(query, message.REFUSED))
            return
        exchange = Exchange(self._upstream, data, tcp, self._servers, self._namespace)
        self._waiting.add(exchange)
        exchange.start(partial(self._answered, exchange, query, send))

    def _answered(
        self, exchange: Exchange, query: message.Query, send: Send, found: bytes | None
    ) -> None:
        self._waiting.discard(exchange)
        send(found or message.failure(query, message.SERVER_FAILURE))
