"""Datagrams to a published port: each client gets a socket of its own towards the container."""

import contextlib
import socket
from functools import partial
from typing import Any

from boxship.sandbox.dns.deadlines import Deadlines
from boxship.sandbox.loop import READ, Loop

#: Seconds after which a silent client is forgotten, and how many there are at most.
SILENCE, CLIENTS = 90.0, 4096
_LARGEST = 1 << 16
# How many are taken before others have their turn.
_BURST = 64
_ANCILLARY = socket.CMSG_SPACE(32)
# linux/in.h
_IP_PKTINFO = 8
Ancillary = list[tuple[int, int, bytes]]


class Client:
    """Answers go out from the address that the client has written to, which *route* names."""

    def __init__(self, back: socket.SocketType, address: Any, route: Ancillary) -> None:
        self.back = back
        self.address = address
        self.route = route


class Packets:
    """A bound socket (owned) whose datagrams lead to *target*, address and port."""

    def __init__(self, loop: Loop, bound: int, target: tuple[str, int]) -> None:
        self.loop = loop
        self._socket = socket.socket(fileno=bound)
        self._target = target
        self._clients: dict[Any, Client] = {}
        self._silences: Deadlines[Any] = Deadlines(loop, SILENCE, self._forget)

    def start(self) -> None:
        self._socket.setblocking(False)
        if self._socket.family == socket.AF_INET6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            self._socket.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        self.loop.watch(self._socket.fileno(), READ, self._receive)

    def _receive(self, mask: int) -> None:
        for _ in range(_BURST):
            try:
                data, ancillary, _, address = self._socket.recvmsg(_LARGEST, _ANCILLARY)
            except OSError:
                return
            client = self._client(address, ancillary)
            if client is not None:
                with contextlib.suppress(OSError):
                    client.back.send(data)

    def _client(self, address: Any, route: Ancillary) -> Client | None:
        key = (address, *(data for _, _, data in route))
        client = self._clients.get(key)
        if client is None:
            client = self._connect(key, address, route)
        if client is not None:
            self._silences.set(key)
        return client

    def _connect(self, key: Any, address: Any, route: Ancillary) -> Client | None:
        if len(self._clients) >= CLIENTS:
            self._forget(next(iter(self._silences.items())))
        family = socket.AF_INET6 if ":" in self._target[0] else socket.AF_INET
        try:
            back = socket.socket(family, socket.SOCK_DGRAM)
        except OSError:
            return None
        try:
            back.setblocking(False)
            back.connect(self._target)
        except OSError:
            back.close()
            return None
        client = self._clients[key] = Client(back, address, route)
        self.loop.watch(back.fileno(), READ, partial(self._answer, key, client))
        return client

    def _answer(self, key: Any, client: Client, mask: int) -> None:
        for _ in range(_BURST):
            try:
                data = client.back.recv(_LARGEST)
            except OSError:
                # A refusal is the container's answer to one datagram; the next may be taken.
                return
            self._silences.set(key)
            with contextlib.suppress(OSError):
                self._socket.sendmsg([data], client.route, 0, client.address)

    def _forget(self, key: Any) -> None:
        self._silences.drop(key)
        client = self._clients.pop(key, None)
        if client is not None:
            self.loop.forget(client.back.fileno())
            client.back.close()

    def close(self) -> None:
        self.loop.forget(self._socket.fileno())
        self._socket.close()
        for key in [*self._clients]:
            self._forget(key)
