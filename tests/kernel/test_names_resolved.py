"""The process that answers names, forked by a real spawner, asked from inside namespaces."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from boxship.network import namespace
from boxship.network.dns import redirect
from boxship.network.dns.service import Service
from boxship.network.namespace import Namespace
from boxship.runtime.spawner import SpawnerProcess
from support import dns
from support.dns import AAAA, MX, PTR, ask_tcp, ask_udp, question, resolver_pid
from support.requirements import require_root
from support.waiting import eventually

WEB, DB, DB6 = "0a000002", "0a000003", "fd" + "00" * 14 + "03"
SERVER = "10.255.0.1"
UPSTREAM = (b"\x09\x09\x09\x09",)


def spec(**changes: Any) -> dict[str, Any]:
    told = {"networks": [["n1", "front"]], "links": {}, "servers": []}
    return told | {"forward": True, "qualified": False} | changes


def join(container: str, names: list[str], *addresses: str, network: str = "n1") -> dict[str, Any]:
    named = {"network": network, "network_name": "front", "names": names}
    return {"op": "join", "container": container, "addresses": addresses, **named}


@dataclass
class Ground:
    """A host of its own with a daemon's half of the matter."""

    host: Namespace
    directory: Path
    opened: list[Namespace] = field(default_factory=list)
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    def run(self, scenario: Callable[[Service], Awaitable[None]]) -> None:
        """*scenario* as a daemon would; the spawner goes with it."""

        async def main() -> None:
            spawner = SpawnerProcess(self.directory)
            spawner.start()
            service = Service(self.directory, spawner.send, self.lost.set)
            try:
                await scenario(service)
            finally:
                service.close()
                spawner.close()

        self.host.run(lambda: asyncio.run(main()))

    def box(self, service: Service, container: str = "c1", **changes: Any) -> Namespace:
        """A namespace whose queries are answered; on n1 are web, and db with two addresses."""
        made = namespace.make()
        self.opened.append(made)
        self.serve(service, made, container, **changes)
        return made

    def serve(
        self, service: Service, made: Namespace, container: str, again: bool = False, **changes: Any
    ) -> None:
        fds = redirect.install(made, again)
        requests = [
            {"op": "open", "container": container, "spec": spec(**changes)},
            join(container, ["web", "www", "c1c1"], WEB),
            join("c2", ["db", "www", "Mixed"], DB, DB6),
        ]
        service.send(requests, fds)
        service.served.add(container)
        for fd in fds:
            os.close(fd)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    require_root()
    made = Ground(namespace.make(), tmp_path)
    try:
        yield made
    finally:
        for each in made.opened:
            each.close()
        pid = resolver_pid(tmp_path)
        if pid:
            os.kill(pid, signal.SIGKILL)
        made.host.close()


@contextlib.contextmanager
def sleeping(*wrapper: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that is killed at the end."""
    with subprocess.Popen([*wrapper, "sleep", "1000"]) as process:
        try:
            yield process
        finally:
            process.kill()


def ask(box: Namespace, *words: Any, tcp: bool = False, **options: Any) -> dns.Answer:
    query = question(*words, **options)
    return box.run(lambda: ask_tcp(query) if tcp else ask_udp(query, tries=1))


def test_names_aliases_addresses_and_back(ground: Ground) -> None:
    async def scenario(service: Service) -> None:
        box = ground.box(service)
        assert ask(box, "web").addresses == ["10.0.0.2"]
        assert ask(box, "C1C1").addresses == ["10.0.0.2"]
        assert ask(box, "web.front").addresses == ["10.0.0.2"]
        assert ask(box, "mixed", AAAA).addresses == ["fd00::3"]
        assert sorted(ask(box, "www").addresses) == ["10.0.0.2", "10.0.0.3"]
        assert ask(box, "3.0.0.10.in-addr.arpa", PTR).names == ["db.front"]
        back6 = "3.0.0.0." + "0.0.0.0." * 6 + "0.0.d.f.ip6.arpa"
        assert ask(box, back6, PTR).names == ["db.front"]

    ground.run(scenario)


def test_kinds_that_a_name_has_not_are_empty_and_not_asked_for_elsewhere(ground: Ground) -> None:
    async def scenario(service: Service) -> None:
        box = ground.box(service)
        for kind in (AAAA, MX):
            found = ask(box, "web", kind)
            assert (found.code, found.values) == (0, [])

    ground.run(scenario)


def test_many_addresses_take_tcp_or_a_larger_buffer(ground: Ground) -> None:
    async def scenario(service: Service) -> None:
        box = ground.box(service)
        many = [join(f"m{n}", ["many"], f"0a0001{n:02x}") for n in range(100)]
        service.send(many)
        plain, wide = ask(box, "many"), ask(box, "many", edns=4096)
        assert plain.truncated and len(plain.values) < 100 and not plain.edns
        assert wide.edns and not wide.truncated and len(wide.values) == 100
        assert len(set(ask(box, "many", tcp=True).addresses)) == 100

    ground.run(scenario)


def test_port_53_is_the_containers_own(ground: Ground) -> None:
    """On every address, that of the resolver too, for both protocols; names still resolve."""

    async def scenario(service: Service) -> None:
        box = ground.box(service)

        def serve() -> None:
            for address in ("127.0.0.11", "0.0.0.0"):
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    with socket.socket(socket.AF_INET, kind) as own:
                        own.bind((address, 53))
            with dns.Server("127.0.0.1", lambda query, tcp: dns.answer(query)).serving() as own:
                assert ask_udp(question("x"), ("127.0.0.1", 53), tries=1).code == 0
                assert ask_udp(question("web")).addresses == ["10.0.0.2"]
                assert own.asked == [("x", False)]

        box.run(serve)

    ground.run(scenario)


def link_up(box: Namespace) -> None:
    """SERVER is an address of *box*."""
    box.run(lambda: subprocess.run(["ip", "addr", "add", SERVER, "dev", "lo"], check=True))


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "from-the-host"])
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_other_names_are_asked_for_elsewhere(ground: Ground, inside: bool, tcp: bool) -> None:
    async def scenario(service: Service) -> None:
        box = ground.box(service, servers=[[SERVER, inside]])
        place = box if inside else ground.host
        link_up(place)
        with contextlib.ExitStack() as stack:
            server = dns.Server(SERVER, lambda query, tcp: dns.answer(query, 0, UPSTREAM))
            place.run(lambda: stack.enter_context(server.serving()))
            assert ask(box, "other.test", tcp=tcp).addresses == ["9.9.9.9"]
            assert ask(box, "web", tcp=tcp).addresses == ["10.0.0.2"]
            assert server.asked == [("other.test", tcp)]

    ground.run(scenario)


def test_a_server_that_fails_gives_way_to_the_next(ground: Ground) -> None:
    async def scenario(service: Service) -> None:
        servers = [["127.1.0.1", True], ["127.1.0.2", True], ["127.1.0.3", True]]
        box = ground.box(service, servers=servers)
        refusing = dns.Server("127.1.0.2", lambda query, tcp: dns.answer(query, 5))
        knowing = dns.Server("127.1.0.3", lambda query, tcp: dns.answer(query, 3))
        with contextlib.ExitStack() as stack:
            box.run(lambda: stack.enter_context(refusing.serving()))
            box.run(lambda: stack.enter_context(knowing.serving()))
            assert ask(box, "nobody.test").code == 3
            assert len(refusing.asked) == len(knowing.asked) == 1

    ground.run(scenario)


def test_a_silent_server_holds_nobody_up(ground: Ground) -> None:
    """Two hundred questions wait for it, while names and another server's are answered."""

    async def scenario(service: Service) -> None:
        box = ground.box(service, servers=[["127.1.0.1", True]])
        other = ground.box(service, "c9", servers=[["127.1.0.2", True]])
        silent = dns.Server("127.1.0.1", lambda query, tcp: None)
        quick = dns.Server("127.1.0.2", lambda query, tcp: dns.answer(query, 0, UPSTREAM))
        with contextlib.ExitStack() as stack:
            box.run(lambda: stack.enter_context(silent.serving()))
            other.run(lambda: stack.enter_context(quick.serving()))
            asking = box.run(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            stack.enter_context(asking)
            for number in range(200):
                asking.sendto(question(f"slow{number}.test"), dns.RESOLVER)
            eventually(lambda: len(silent.asked) >= 200)
            assert ask(box, "db").addresses == ["10.0.0.3"]
            assert ask(other, "other.test").addresses == ["9.9.9.9"]
            asking.setblocking(False)
            with pytest.raises(BlockingIOError):
                asking.recv(512)

    ground.run(scenario)


def test_no_answer_but_the_asked_servers_is_taken(ground: Ground) -> None:
    """Wrong numbers and other questions are passed over until the right one comes."""

    async def scenario(service: Service) -> None:
        box = ground.box(service, servers=[["127.1.0.1", True]])

        def serve(packets: socket.socket) -> None:
            query, peer = packets.recvfrom(512)
            forged = dns.answer(query, 0, (b"\6\6\6\6",))
            packets.sendto(bytes([query[0] ^ 1]) + forged[1:], peer)
            packets.sendto(dns.answer(query[:2] + question("evil.test")[2:], 0, UPSTREAM), peer)
            packets.sendto(b"\xff" * 40, peer)
            packets.sendto(dns.answer(query, 0, UPSTREAM), peer)

        with box.run(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as packets:
            packets.bind(("127.1.0.1", 53))
            serving = asyncio.get_running_loop().run_in_executor(None, serve, packets)
            found = await asyncio.to_thread(ask, box, "other.test")
            assert found.addresses == ["9.9.9.9"]
            await serving

    ground.run(scenario)


def test_an_internal_network_asks_nobody(ground: Ground) -> None:
    async def scenario(service: Service) -> None:
        box = ground.box(service, servers=[["127.1.0.1", True]], forward=False)
        server = dns.Server("127.1.0.1", lambda query, tcp: dns.answer(query, 0, UPSTREAM))
        with contextlib.ExitStack() as stack:
            box.run(lambda: stack.enter_context(server.serving()))
            assert ask(box, "other.test").code == 2
            assert server.asked == []

    ground.run(scenario)


def test_hostile_packets_and_connections_end_nothing(ground: Ground) -> None:
    async def scenario(service: Service) -> None:
        box = ground.box(service)
        pid = resolver_pid(ground.directory)

        def attack() -> None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                for size in range(300):
                    sock.sendto(os.urandom(size), dns.RESOLVER)
                    sock.sendto(question("web")[:size], dns.RESOLVER)
            for data in (b"", b"\0", b"\0\0", b"\xff\xff" + b"x" * 70000, os.urandom(5000)):
                with (
                    socket.create_connection(dns.RESOLVER, 10) as sock,
                    contextlib.suppress(OSError),
                ):
                    sock.sendall(data)

        box.run(attack)
        assert ask(box, "web").addresses == ["10.0.0.2"]
        assert ask(box, "web", tcp=True).addresses == ["10.0.0.2"]
        assert resolver_pid(ground.directory) == pid

    ground.run(scenario)


def test_a_namespace_of_a_user_namespace(ground: Ground) -> None:
    async def scenario(service: Service) -> None:
        with sleeping("unshare", "--user", "--map-root-user", "--net") as process:
            own = os.readlink("/proc/thread-self/ns/net")
            eventually(lambda: os.readlink(f"/proc/{process.pid}/ns/net") != own)
            box = namespace.of_process(process.pid)
            ground.opened.append(box)
            box.run(lambda: subprocess.run(["ip", "link", "set", "lo", "up"], check=True))
            ground.serve(service, box, "c1")
            assert ask(box, "web").addresses == ["10.0.0.2"]
            assert ask(box, "web", tcp=True).addresses == ["10.0.0.2"]

    ground.run(scenario)


def test_names_are_answered_without_a_daemon_and_the_next_one_takes_over(ground: Ground) -> None:
    async def scenario(service: Service) -> None:
        box = ground.box(service)
        pid = resolver_pid(ground.directory)
        service.close()
        assert pid and ask(box, "web").addresses == ["10.0.0.2"]

    async def later(service: Service) -> None:
        box = ground.opened[-1]
        pid = resolver_pid(ground.directory)
        await service.find()
        assert service.served == {"c1"}
        service.send([{"op": "clear"}, join("c1", ["renamed"], WEB)])
        assert ask(box, "renamed").addresses == ["10.0.0.2"]
        assert ask(box, "web").code == 2
        assert resolver_pid(ground.directory) == pid
        service.send([{"op": "close", "container": "c1"}])
        service.close()
        eventually(lambda: not resolver_pid(ground.directory))

    ground.run(scenario)
    ground.run(later)


def test_it_ends_with_the_last_container_when_no_daemon_is_there(ground: Ground) -> None:
    async def scenario(service: Service) -> None:
        ground.box(service)
        with sleeping() as process:
            pidfd = os.pidfd_open(process.pid)
            service.send([{"op": "follow", "container": "c1"}], [pidfd])
            os.close(pidfd)
            pid = resolver_pid(ground.directory)
            service.close()
            assert resolver_pid(ground.directory) == pid
        eventually(lambda: not resolver_pid(ground.directory))

    ground.run(scenario)


def test_one_that_is_killed_is_replaced(ground: Ground) -> None:
    async def scenario(service: Service) -> None:
        box = ground.box(service)
        first = resolver_pid(ground.directory)
        os.kill(first, signal.SIGKILL)
        await asyncio.wait_for(ground.lost.wait(), dns.PATIENCE)
        assert service.served == set()
        ground.serve(service, box, "c1", again=True)
        assert ask(box, "web").addresses == ["10.0.0.2"]
        assert resolver_pid(ground.directory) not in (0, first)

    ground.run(scenario)
