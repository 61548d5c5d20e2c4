"""The kernel's side of all networks: one thread carries out what the engine has decided."""

import asyncio
import contextlib
import functools
import socket
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from boxship.base.errors import BoxshipError
from boxship.kernel import rtnetlink
from boxship.kernel.netlink import Netlink
from boxship.network import bridge, endpoint, namespace
from boxship.network.bridge import Bridge
from boxship.network.endpoint import Endpoint
from boxship.network.firewall import Firewall
from boxship.network.ipam import Address
from boxship.network.namespace import Namespace
from boxship.network.publish import Port, Ports, Wish, listens_on_ipv6
from boxship.network.ruleset import PLAIN, Publication, Publishing, Zone

T = TypeVar("T")
#: Namespaces that wait for containers: one is made after each start, off the request's path.
_READY = 1


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a container's namespace shall hold. *gateways*: of the default routes, if any."""

    endpoints: Sequence[Endpoint]
    gateways: Sequence[Address] = ()


@dataclass(frozen=True, slots=True)
class Targets:
    """The container's addresses that ports lead to, IPv4 and IPv6."""

    ipv4: Address | None = None
    ipv6: Address | None = None

    def of(self, host: Address) -> Address | None:
        """For what comes to *host*; one of the other version takes a process."""
        own, other = (self.ipv4, self.ipv6) if host.version == 4 else (self.ipv6, self.ipv4)
        return own or other


class Fabric:
    """Made when the first network is needed. Its coroutines wait for the one thread.

    *table*: of nftables, no other daemon's.
    """

    def __init__(self, table: str = "boxship", publishing: Publishing = PLAIN) -> None:
        self._table = table
        self.publishing = publishing
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="network")
        self._ready: deque[Namespace] = deque()
        self._channel: Netlink
        self._firewall: Firewall
        self._ports = Ports()
        self._opened: bool | None = None
        #: Why this host cannot have networks; empty while nothing speaks against it.
        self.flaw = ""
        self.forwarding_enabled = False

    async def _do(self, work: Callable[..., T], *arguments: object) -> T:
        call = functools.partial(work, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    async def usable(self) -> bool:
        """Whether networks can be had here; tries once, :attr:`flaw` tells why not."""
        if self._opened is None:
            self._opened = await self._do(self._open)
        return self._opened

    def _open(self) -> bool:
        if self._opened is not None:
            return self._opened
        try:
            self._channel = rtnetlink.open_socket()
            self._firewall = Firewall(self._table, self.publishing)
            if self.publishing.forwarding:
                self.forwarding_enabled = bridge.enable_forwarding()
        except (BoxshipError, OSError) as error:
            self.flaw = f"bridge networks are not available, containers get loopback only: {error}"
            return False
        return True

    async def restore(self) -> None:
        """Put the firewall's table in place again, after somebody has flushed the rules."""
        await self._do(lambda: self._firewall.restore())

    async def routes(self, but: Iterable[str]) -> list[rtnetlink.IpNetwork]:
        """Destinations that this host routes, without those of the interfaces *but*."""

        def work(channel: Netlink) -> list[rtnetlink.IpNetwork]:
            own = {link.index for link in rtnetlink.links(channel) if link.name in but}
            return [net for net, index in rtnetlink.routes(channel) if index not in own]

        return await self._look(work)

    async def _look(self, work: Callable[[Netlink], T]) -> T:
        """What can be read before anything here is opened, which would change the host."""

        def opened() -> T:
            with contextlib.closing(rtnetlink.open_socket()) as channel:
                return work(channel)

        return await self._do(opened)

    async def addresses(self, name: str) -> list[rtnetlink.Interface]:
        """Of an interface of this host; none if it is not there."""

        def work(channel: Netlink) -> list[rtnetlink.Interface]:
            link = rtnetlink.find_link(channel, name)
            return rtnetlink.addresses(channel, link.index) if link else []

        return await self._look(work)

    async def add_network(self, wanted: Bridge, zone: Zone) -> None:
        def work() -> None:
            bridge.ensure(self._channel, wanted)
            self._firewall.add_zone(zone)

        await self._do(work)

    async def remove_network(self, name: str, owner: str) -> None:
        def work() -> None:
            self._firewall.remove_zone(name)
            bridge.remove(self._channel, name, owner)

        await self._do(work)

    async def wire(self, wiring: Wiring, given: Namespace | None = None) -> Namespace:
        """A namespace with everything in it, for a container to join; the caller closes it.

        *given*: one to fill, which belongs to a user namespace; closed on an error.
        """
        made = await self._do(self._wire, wiring, given)
        asyncio.get_running_loop().run_in_executor(self._executor, self._refill)
        return made

    def _wire(self, wiring: Wiring, given: Namespace | None) -> Namespace:
        made = given or (self._ready.popleft() if self._ready else namespace.make())
        try:
            for each in wiring.endpoints:
                endpoint.add(self._channel, made, each)
            if wiring.gateways:
                endpoint.set_gateways(made, wiring.gateways)
        except BaseException:
            made.close()
            raise
        return made

    def _refill(self) -> None:
        while len(self._ready) < _READY:
            self._ready.append(namespace.make())

    async def plug(self, pid: int, wanted: Endpoint, gateways: Sequence[Address]) -> None:
        """Give a running container another endpoint."""

        def work() -> None:
            with contextlib.closing(namespace.of_process(pid)) as joined:
                endpoint.add(self._channel, joined, wanted)
                endpoint.set_gateways(joined, gateways)

        await self._do(work)

    async def unplug(self, pid: int, gone: Endpoint, gateways: Sequence[Address]) -> None:
        """Take an endpoint from a running container; its default routes lead to *gateways* then."""

        def work() -> None:
            with contextlib.closing(namespace.of_process(pid)) as joined:
                endpoint.remove(self._channel, joined, gone)
                endpoint.set_gateways(joined, gateways)

        await self._do(work)

    async def with_channel(self, work: Callable[[Netlink], T]) -> T:
        """*work* in the thread of this object, with its socket of rtnetlink."""
        return await self._do(lambda: work(self._channel))

    async def listens_on_ipv6(self) -> bool:
        return await self._do(listens_on_ipv6)

    async def publish(self, wishes: Sequence[Wish], targets: Targets) -> list[Publication]:
        """Take the ports and lead them to *targets*; all of them or none."""

        def work() -> list[Publication]:
            taken: list[Port] = []
            rows: list[Publication] = []
            try:
                for wish in wishes:
                    for port in self._ports.take(wish):
                        taken.append(port)
                        target = targets.of(port.host)
                        assert target is not None
                        rows.append(_publication(port, target, wish.target_port))
                self._firewall.publish(rows)
            except BaseException:
                self._ports.release(taken)
                raise
            return rows

        return await self._do(work)

    async def proxied(self, rows: Sequence[Publication]) -> list[tuple[Publication, socket.socket]]:
        """Those of *rows* that take a process, with the sockets that hold them, which stay ours."""

        def work() -> list[tuple[Publication, socket.socket]]:
            wanted = [row for row in rows if self._firewall.leaves_to_proxy(row)]
            held = [(row, self._ports.listener(_port(row))) for row in wanted]
            return [(row, listener) for row, listener in held if listener is not None]

        return await self._do(work) if self.publishing.proxy else []

    async def publish_again(self, rows: Sequence[Publication]) -> None:
        """What a container that outlived a daemon has published."""

        def work() -> None:
            for row in rows:
                self._ports.hold(_port(row))
            self._firewall.publish(rows)

        await self._do(work)

    async def withdraw(self, rows: Sequence[Publication]) -> None:
        def work() -> None:
            self._firewall.withdraw(rows)
            self._ports.release(_port(row) for row in rows)

        await self._do(work)

    def close(self) -> None:
        """Let go; networks, rules and containers stay."""
        self._executor.shutdown(wait=True)
        for spare in self._ready:
            spare.close()
        self._ready.clear()
        self._ports.close()
        if self._opened:
            self._channel.close()
            self._firewall.close()


def _port(row: Publication) -> Port:
    return Port(row.protocol, row.host, row.port)


def _publication(port: Port, target: Address, target_port: int) -> Publication:
    return Publication(port.protocol, port.host, port.number, target, target_port)
