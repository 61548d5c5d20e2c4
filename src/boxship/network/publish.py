"""Ports of this host, held by a bound socket each, so that nobody else takes them meanwhile."""

import errno
import os
import socket
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from boxship.base.errors import Internal
from boxship.network.ipam import Address

#: Where random ports come from: Linux's own range for outgoing connections, as with Docker.
_RANDOM = range(32768, 61000)
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM, "sctp": socket.SOCK_STREAM}
_SCTP = 132


@dataclass(frozen=True, slots=True)
class Wish:
    """*hosts*: addresses that get the same port; *ports*: those that will do, the first free one
    is taken; empty: any, *preferred* before others."""

    protocol: str
    hosts: tuple[Address, ...]
    ports: range
    target_port: int
    preferred: int = 0


@dataclass(frozen=True, slots=True)
class Port:
    protocol: str
    host: Address
    number: int


class Ports:
    """Used by one thread at a time."""

    def __init__(self) -> None:
        self._held: dict[Port, socket.socket | None] = {}
        self._next: dict[str, int] = {}

    def take(self, wish: Wish, own: Collection[Port] = ()) -> list[Port]:
        """One for each host; those of *own* are held for this already. :class:`Internal`, in
        Docker's words, when none of the wanted ports is free."""
        if not wish.hosts:
            return []
        problem = "all ports are allocated"
        for number in wish.ports or self._candidates(wish):
            try:
                taken = self._take_all(wish, number, own)
            except Internal as error:
                problem = str(error) if wish.ports else problem
                continue
            if not wish.ports and number != wish.preferred:
                self._next[wish.protocol] = number + 1
            return taken
        raise Internal(problem)

    def _candidates(self, wish: Wish) -> Iterator[int]:
        start = self._next.get(wish.protocol, _RANDOM.start)
        if wish.preferred:
            yield wish.preferred
        yield from range(start, _RANDOM.stop)
        yield from range(_RANDOM.start, start)

    def _take_all(self, wish: Wish, number: int, own: Collection[Port]) -> list[Port]:
        """In the order of the hosts; on an error those of *own* are still held."""
        taken: list[Port] = []
        try:
            for host in wish.hosts:
                port = Port(wish.protocol, host, number)
                if port in own:
                    continue
                if port in self._held:
                    raise Internal(f"Bind for {host}:{number} failed: port is already allocated")
                self._held[port] = _bound(port)
                taken.append(port)
        except BaseException:
            self.release(taken)
            raise
        return [Port(wish.protocol, host, number) for host in wish.hosts]

    def listener(self, port: Port) -> socket.socket | None:
        """The socket that holds *port*, which stays ours; None while somebody else holds it."""
        if port in self._held and self._held[port] is None:
            # It was with a process that may have ended since.
            del self._held[port]
            self.hold(port)
        return self._held.get(port)

    def hold(self, port: Port) -> None:
        """Take *port* again for a container that has it since before this daemon."""
        if port not in self._held:
            try:
                self._held[port] = _bound(port)
            except Internal:
                self._held[port] = None

    def release(self, ports: Iterable[Port]) -> None:
        for port in ports:
            held = self._held.pop(port, None)
            if held is not None:
                held.close()

    def close(self) -> None:
        self.release([*self._held])


def _bound(port: Port) -> socket.socket:
    """:class:`Internal` in the words of dockerd, whose proxy is the one that binds."""
    try:
        return _bind(port)
    except OSError as error:
        if error.errno in (errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT):
            raise Internal("Error starting userland proxy: protocol not supported") from None
        host = f"[{port.host}]" if port.host.version == 6 else str(port.host)
        place = f"listen {port.protocol}{port.host.version} {host}:{port.number}"
        reason = os.strerror(error.errno or 0)
        raise Internal(
            f"Error starting userland proxy: {place}: bind: {reason[:1].lower()}{reason[1:]}"
        ) from None


def _bind(port: Port) -> socket.socket:
    """A socket that holds the port. IPv6 is IPv6 alone: IPv4 has a socket of its own."""
    family = socket.AF_INET if port.host.version == 4 else socket.AF_INET6
    kind = _KINDS[port.protocol]
    number = _SCTP if port.protocol == "sctp" else 0
    held = socket.socket(family, kind | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, number)
    try:
        if family == socket.AF_INET6:
            held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
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


def listens_on_ipv6() -> bool:
    """Whether the calling thread's network namespace has IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
