"""Ports of this host, held by a bound socket each, so that nobody else takes them meanwhile."""

import errno
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from boxship.base.errors import Internal

#: Where random ports come from: Linux's own range for outgoing connections, as with Docker.
_RANDOM = range(32768, 61000)
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
_SCTP = 132
_ANY = ipaddress.IPv4Address(0)


@dataclass(frozen=True, slots=True)
class Wish:
    """*ports*: those of the host that will do, the first free one is taken; empty: any."""

    protocol: str
    host: ipaddress.IPv4Address
    ports: range
    target_port: int


@dataclass(frozen=True, slots=True)
class Port:
    protocol: str
    host: ipaddress.IPv4Address
    number: int


class Ports:
    """Used by one thread at a time."""

    def __init__(self) -> None:
        self._held: dict[Port, socket.socket | None] = {}
        self._next = _RANDOM.start

    def take(self, wish: Wish) -> Port:
        """:class:`Internal`, in Docker's words, when none of the wanted ports is free."""
        if wish.ports:
            return self._first_free(wish, wish.ports)
        start = self._next
        for numbers in (range(start, _RANDOM.stop), range(_RANDOM.start, start)):
            for number in numbers:
                port = self._try(Port(wish.protocol, wish.host, number))
                if port is not None:
                    self._next = number + 1 if number + 1 in _RANDOM else _RANDOM.start
                    return port
        raise Internal("all ports are allocated")

    def _first_free(self, wish: Wish, numbers: range) -> Port:
        problem = ""
        for number in numbers:
            port = Port(wish.protocol, wish.host, number)
            if self._is_held(port):
                problem = f"Bind for {wish.host}:{number} failed: port is already allocated"
            elif self._try(port) is not None:
                return port
            else:
                place = f"{wish.protocol}4 {wish.host}:{number}"
                problem = (
                    f"Error starting userland proxy: listen {place}: bind: address already in use"
                )
        raise Internal(problem)

    def _is_held(self, port: Port) -> bool:
        """Also by somebody who has it on all addresses, or on any if all are wanted."""
        return any(
            held.protocol == port.protocol
            and held.number == port.number
            and (held.host == port.host or _ANY in (held.host, port.host))
            for held in self._held
        )

    def _try(self, port: Port) -> Port | None:
        if self._is_held(port):
            return None
        try:
            self._held[port] = _bind(port)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise Internal(f"cannot bind {port.host}:{port.number}: {error.strerror}") from None
            return None
        return port

    def hold(self, port: Port) -> None:
        """Take *port* again for a container that has it since before this daemon."""
        if port not in self._held and self._try(port) is None:
            self._held[port] = None

    def release(self, ports: Iterable[Port]) -> None:
        for port in ports:
            held = self._held.pop(port, None)
            if held is not None:
                held.close()

    def close(self) -> None:
        self.release([*self._held])


def _bind(port: Port) -> socket.socket | None:
    """A socket that holds the port; None for SCTP where the kernel lacks it."""
    protocol = _SCTP if port.protocol == "sctp" else 0
    kind = _KINDS.get(port.protocol, socket.SOCK_STREAM)
    try:
        held = socket.socket(socket.AF_INET, kind | socket.SOCK_CLOEXEC, protocol)
    except OSError:
        return None
    try:
        if kind == socket.SOCK_STREAM:
            # Connections of an earlier holder that still linger are no reason to refuse.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((str(port.host), port.number))
        if kind == socket.SOCK_STREAM:
            # A port that is bound only could still be taken by one who listens.
            held.listen(1)
    except BaseException:
        held.close()
        raise
    return held
