"""The kernel's side of all networks: one thread carries out what the engine has decided."""

import asyncio
import contextlib
import functools
import socket
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from boxship.base.errors import BoxshipError
from boxship.kernel import rtnetlink
from boxship.kernel.netlink import Netlink
from boxship.network import bridge, endpoint, namespace, tracking
from boxship.network.bridge import Bridge
from boxship.network.burial import Burials
from boxship.network.endpoint import Endpoint
from boxship.network.firewall import Firewall
from boxship.network.foreign_rules import ForeignRules
from boxship.network.ipam import Address
from boxship.network.namespace import Namespace
from boxship.network.publish import Port, Ports, Wish, listens_on_ipv6
from boxship.network.ruleset import PLAIN, Link, Publication, Publishing, Zone
from boxship.network.surroundings import Surroundings
from boxship.network.watch import Watch

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
    """The container's addresses that ports lead to, IPv4 and IPv6; *direct*: versions of which it
    is asked at its own."""

    ipv4: Address | None = None
    ipv6: Address | None = None
    direct: frozenset[int] = frozenset()

    def of(self, host: Address) -> Address | None:
        """For what comes to *host*; one of the other version takes a process."""
        own, other = (self.ipv4, self.ipv6) if host.version == 4 else (self.ipv6, self.ipv4)
        if host.version in self.direct:
            return own if host.is_unspecified else None
        return own or (other if other and other.version not in self.direct else None)


class Fabric:
    """Made when the first network is needed. Its coroutines wait for the one thread.

    *name*: of the table of nftables and the rules in others, no other daemon's. *foreign*: the file
    in which the latter are written down; with one, rules of an earlier daemon stay in force until
    :meth:`settle`.
    """

    def __init__(
        self, name: str = "boxship", publishing: Publishing = PLAIN, foreign: Path | None = None
    ) -> None:
        self._name = name
        self._foreign_file = foreign
        self._foreign: ForeignRules | None = None
        self._watch: Watch | None = None
        self.publishing = publishing
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="network")
        self._burials = Burials()
        self._ready: deque[Namespace] = deque()
        self._channel: Netlink
        self._firewall: Firewall
        self._ports = Ports()
        self._opened: bool | None = None
        #: Why this host cannot have networks; empty while nothing speaks against it.
        self.flaw = ""

    async def _do(self, work: Callable[..., T], *arguments: object) -> T:
        call = functools.partial(work, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    async def usable(self) -> bool:
        """Whether networks can be had here; tries once, :attr:`flaw` tells why not."""
        if self._opened is None and await self._do(self._open) and self._watch is not None:
            self._watch.begin()
        return bool(self._opened)

    def _open(self) -> bool:
        """Whether it has been opened just now."""
        if self._opened is not None:
            return False
        try:
            self._channel = rtnetlink.open_socket()
            self._firewall = Firewall(self._name, self.publishing, self._foreign_file is not None)
            self._look_around()
            if self.publishing.forwarding:
                bridge.enable_forwarding()
        except (BoxshipError, OSError) as error:
            self.flaw = f"bridge networks are not available, containers get loopback only: {error}"
            self._opened = False
            return False
        self._opened = True
        return True

    def _look_around(self) -> None:
        """Where there are no rules of ours, those of others matter to nobody here."""
        nft = self._firewall.nft
        if nft is not None:
            self._foreign = ForeignRules(nft, self._name, self._foreign_file)
            self._watch = Watch(self._firewall, self._foreign, self._do)
            self._foreign.survey()

    @property
    def surroundings(self) -> Surroundings:
        """What the rules of others do, when they last changed."""
        return self._foreign.found if self._foreign is not None else Surroundings()

    async def settle(self) -> None:
        """All networks and ports of an earlier daemon are known: what else is there of it, goes."""

        def work() -> None:
            self._firewall.restore()
            self._settle()

        if self._opened:
            await self._do(work)

    def _settle(self) -> None:
        if self._foreign is not None:
            self._foreign.settle(self._firewall.bridges)

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

    async def own_bridge_name(self, stem: str, owner: str) -> str:
        """See :func:`boxship.network.bridge.own_name`."""
        return await self._look(lambda channel: bridge.own_name(channel, stem, owner))

    async def add_network(self, wanted: Bridge, zone: Zone) -> None:
        def work() -> None:
            self._burials.wait(wanted.name)
            bridge.ensure(self._channel, wanted)
            if self._firewall.add_zone(zone):
                self._settle()

        await self._do(work)

    async def remove_network(self, name: str, owner: str, keep: bool = False) -> None:
        """It leads nowhere when this returns; its interface goes a little later, unless others
        need it (*keep*)."""

        def work() -> None:
            self._firewall.remove_zone(name)
            if not keep and bridge.retire(self._channel, name, owner):
                self._burials.begin(name)
            self._settle()

        await self._do(work)

    async def namespace(self) -> Namespace:
        """One for a container to join, with loopback only; the caller closes it."""
        with contextlib.suppress(IndexError):
            return self._ready.popleft()
        return await self._do(namespace.make)

    async def wire(self, made: Namespace, wiring: Wiring) -> None:
        """Put everything into a container's namespace, which stays the caller's."""
        await self._do(self._wire, made, wiring)
        self._executor.submit(self._refill)

    def _wire(self, made: Namespace, wiring: Wiring) -> None:
        for each in wiring.endpoints:
            endpoint.add(self._channel, made, each)
        if wiring.gateways:
            endpoint.add_gateways(made, wiring.gateways)

    def _refill(self) -> None:
        """An error stays for the start that makes its own."""
        while len(self._ready) < _READY:
            self._ready.append(namespace.make())

    async def plug(self, process: str, wanted: Endpoint, gateways: Sequence[Address]) -> None:
        """Give a running container another endpoint. *process*: a directory in /proc of its own."""

        def work() -> None:
            with contextlib.closing(namespace.of_directory(process)) as joined:
                endpoint.add(self._channel, joined, wanted)
                endpoint.set_gateways(joined, gateways)

        await self._do(work)

    async def unplug(self, process: str, gone: Endpoint, gateways: Sequence[Address]) -> None:
        """Take an endpoint from a running container; its default routes lead to *gateways* then."""

        def work() -> None:
            with contextlib.closing(namespace.of_directory(process)) as joined:
                endpoint.remove(self._channel, joined, gone)
                endpoint.set_gateways(joined, gateways)

        await self._do(work)

    def forget(self, addresses: Sequence[Address]) -> None:
        """Nobody has *addresses* any more: see :func:`boxship.network.tracking.forget`. Done before
        anything that is asked of this object later."""
        self._executor.submit(tracking.forget, addresses)

    async def with_channel(self, work: Callable[[Netlink], T]) -> T:
        """*work* in the thread of this object, with its socket of rtnetlink."""
        return await self._do(lambda: work(self._channel))

    async def listens_on_ipv6(self) -> bool:
        return await self._do(listens_on_ipv6)

    async def publish(
        self, wishes: Sequence[Wish], targets: Targets, before: Sequence[Publication] = ()
    ) -> list[Publication]:
        """Take the ports and lead them to *targets*, in the place of what was published *before*;
        all of them, or everything stays as it was."""

        def work() -> list[Publication]:
            own = set(_ports(before))
            left, taken = set(own), list[Port]()
            rows: list[Publication] = []
            try:
                for wish in wishes:
                    rows += _direct(wish, targets)
                    for port in self._ports.take(_translated(wish, targets), left):
                        taken.append(port)
                        left.discard(port)
                        target = targets.of(port.host)
                        assert target is not None
                        rows.append(_publication(port, target, wish.target_port))
                self._firewall.publish(rows, before)
            except BaseException:
                self._ports.release(port for port in taken if port not in own)
                raise
            self._ports.release(left)
            return [*dict.fromkeys(rows)]

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
            for port in _ports(rows):
                self._ports.hold(port)
            self._firewall.publish(rows)

        await self._do(work)

    async def link(self, name: str, wanted: frozenset[Link]) -> None:
        """Have *wanted* and no other links between containers of the bridge *name*, which is one
        that keeps them apart: they reach each other by this host then."""

        def work() -> None:
            self._firewall.link(wanted)
            bridge.answer_for_others(name, bool(wanted))

        await self._do(work)

    async def withdraw(self, rows: Sequence[Publication]) -> None:
        def work() -> None:
            self._firewall.withdraw(rows)
            self._ports.release(_ports(rows))

        await self._do(work)

    async def clear(self) -> None:
        """Nobody needs networks any more: our rules go, here and elsewhere. Close it then."""
        if self._opened:
            self._stop_watching()
            await self._do(self._remove_rules)

    def _remove_rules(self) -> None:
        if self._foreign is not None:
            self._foreign.settle(())
        self._firewall.remove()

    def _stop_watching(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()

    def close(self) -> None:
        """Let go; networks, rules and containers stay."""
        self._stop_watching()
        self._executor.shutdown(wait=True)
        self._burials.close()
        for spare in self._ready:
            spare.close()
        self._ready.clear()
        self._ports.close()
        if self._opened:
            self._channel.close()
            self._firewall.close()


def _port(row: Publication) -> Port:
    return Port(row.protocol, row.host, row.port)


def _ports(rows: Iterable[Publication]) -> list[Port]:
    """Those of this host."""
    return [_port(row) for row in rows if not row.direct]


def _direct(wish: Wish, targets: Targets) -> list[Publication]:
    found = [(host, targets.of(host)) for host in wish.hosts if host.version in targets.direct]
    return [
        Publication(wish.protocol, host, 0, target, wish.target_port)
        for host, target in found
        if target is not None
    ]


def _translated(wish: Wish, targets: Targets) -> Wish:
    """Without the addresses where nothing is."""
    hosts = [host for host in wish.hosts if host.version not in targets.direct and targets.of(host)]
    return replace(wish, hosts=tuple(hosts))


def _publication(port: Port, target: Address, target_port: int) -> Publication:
    return Publication(port.protocol, port.host, port.number, target, target_port)
