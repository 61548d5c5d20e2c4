"""Bridges, endpoints, firewall and published ports, in network namespaces of the test's own."""

import asyncio
import ipaddress
import os
import socket
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import pytest

from boxship.base.errors import Internal
from boxship.network import namespace
from boxship.network.bridge import Bridge
from boxship.network.endpoint import Endpoint
from boxship.network.fabric import Fabric, Targets, Wiring
from boxship.network.namespace import Namespace
from boxship.network.publish import Wish
from boxship.network.ruleset import Zone
from support.leaks import settled
from support.requirements import require_root

ANY = ipaddress.IPv4Address(0)
#: Seconds; a lost first packet is sent again after one.
PATIENCE = 2.5


def _wish(
    host: ipaddress.IPv4Address | ipaddress.IPv6Address, number: int, protocol: str = "tcp"
) -> Wish:
    return Wish(protocol, (host,), range(number, number + 1), 80)


def _ip(text: str) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(text)


@dataclass
class Ground:
    """A host of its own, with two bridges; ``run`` gives a coroutine a thread inside."""

    host: Namespace
    opened: list[Namespace] = field(default_factory=list)

    def run(self, scenario: Callable[[Fabric], Awaitable[None]]) -> None:
        async def main() -> None:
            fabric = Fabric()
            assert await fabric.usable(), fabric.flaw
            for number, internal in ((1, False), (2, False), (3, True)):
                net = ipaddress.IPv4Network(f"10.99.{number}.0/24")
                mac = f"02:42:0a:63:{number:02x}:01"
                own = (ipaddress.IPv4Interface(f"10.99.{number}.1/24"),)
                await fabric.add_network(
                    Bridge(f"br{number}", mac, own), Zone(f"br{number}", net, internal)
                )
            try:
                await scenario(fabric)
            finally:
                fabric.close()

        self.host.run(lambda: asyncio.run(main()))

    async def box(self, fabric: Fabric, net: int, last: int, isolated: bool = False) -> Namespace:
        """A namespace on bridge *net* with a server on port 80 that answers with the peer."""
        address = ipaddress.IPv4Interface(f"10.99.{net}.{last}/24")
        mac = f"02:42:0a:63:{net:02x}:{last:02x}"
        end = Endpoint(f"v{net}n{last}", "eth0", mac, (address,), f"br{net}", isolated)
        made = await fabric.wire(Wiring([end], [_ip(f"10.99.{net}.1")] if net != 3 else []))
        self.opened.append(made)
        server = made.run(lambda: socket.create_server(("0.0.0.0", 80)))
        threading.Thread(target=_serve, args=(server,), daemon=True).start()
        return made


def _serve(server: socket.socket) -> None:
    while True:
        try:
            connection, peer = server.accept()
        except OSError:
            return
        connection.sendall(peer[0].encode())
        connection.close()


def _ask(address: str, port: int, inside: Namespace | None = None) -> str:
    """What the server answers, or the error's name."""

    def work() -> str:
        try:
            with socket.create_connection((address, port), timeout=PATIENCE) as connection:
                return connection.recv(100).decode()
        except OSError as error:
            return type(error).__name__

    return inside.run(work) if inside else work()


@pytest.fixture
def ground() -> Iterator[Ground]:
    require_root()
    made = Ground(namespace.make())
    yield made
    for each in [*made.opened, made.host]:
        each.close()


def test_neighbours_reach_each_other_and_the_host(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one, _ = await ground.box(fabric, 1, 2), await ground.box(fabric, 1, 3)
        assert _ask("10.99.1.3", 80, one) == "10.99.1.2"
        assert _ask("10.99.1.3", 80) == "10.99.1.1"

    ground.run(scenario)


def test_networks_are_apart(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one, other = await ground.box(fabric, 1, 2), await ground.box(fabric, 2, 2)
        assert _ask("10.99.2.2", 80, one) == "TimeoutError"
        assert _ask("10.99.1.2", 80, other) == "TimeoutError"

    ground.run(scenario)


def test_isolated_ports_meet_the_host_only(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one = await ground.box(fabric, 1, 2, isolated=True)
        await ground.box(fabric, 1, 3, isolated=True)
        assert _ask("10.99.1.3", 80, one) in ("TimeoutError", "OSError")
        assert _ask("10.99.1.3", 80) == "10.99.1.1"

    ground.run(scenario)


def test_published_ports_from_everywhere(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one, two = await ground.box(fabric, 1, 2), await ground.box(fabric, 1, 3)
        other = await ground.box(fabric, 2, 2)
        wish = _wish(ANY, 8080)
        rows = await fabric.publish([wish], Targets(_ip("10.99.1.2")))
        for inside in (None, one, two, other):
            assert _ask("10.99.1.1", 8080, inside).startswith("10.99.")
        assert _ask("127.0.0.1", 8080) == "10.99.1.1"
        with pytest.raises(Internal, match="port is already allocated"):
            await fabric.publish([_wish(ANY, 8081), wish], Targets(_ip("10.99.1.3")))
        await fabric.withdraw(rows)
        assert _ask("127.0.0.1", 8080) == "ConnectionRefusedError"
        # What came before the refusal was given back.
        assert await fabric.publish([_wish(ANY, 8081)], Targets(_ip("10.99.1.3")))

    ground.run(scenario)


def test_one_address_is_no_other(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one = await ground.box(fabric, 1, 2)
        await fabric.publish([_wish(_ip("127.0.0.1"), 8080)], Targets(_ip("10.99.1.2")))
        assert _ask("127.0.0.1", 8080) == "10.99.1.1"
        assert _ask("10.99.1.1", 8080) == "ConnectionRefusedError"
        assert _ask("10.99.1.1", 8080, one) == "ConnectionRefusedError"

    ground.run(scenario)


_THROUGH_THE_GATEWAY = """
ip route del local 127.0.0.1 dev lo table local
ip route del local 127.0.0.0/8 dev lo table local
ip route add 127.0.0.1 via 10.99.1.1 src 10.99.1.2
echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet
"""


def _shell(inside: Namespace, script: str) -> None:
    inside.run(lambda: subprocess.run(["sh", "-ec", script], check=True, timeout=20))


def _knock() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"knock", ("127.0.0.1", 9000))


def test_loopback_of_the_host_is_not_for_containers(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one = await ground.box(fabric, 1, 2)
        _shell(one, _THROUGH_THE_GATEWAY)
        with socket.socket(type=socket.SOCK_DGRAM) as listener:
            listener.bind(("127.0.0.1", 9000))
            listener.settimeout(0.5)
            one.run(_knock)
            with pytest.raises(TimeoutError):
                listener.recv(10)
            # It is the rule that keeps it out.
            _shell(ground.host, "nft flush chain inet boxship loopback")
            one.run(_knock)
            assert listener.recv(10) == b"knock"

    ground.run(scenario)


def test_the_way_out_is_masqueraded_but_not_from_inside(ground: Ground) -> None:
    outside = namespace.make()

    async def scenario(fabric: Fabric) -> None:
        one, shut = await ground.box(fabric, 1, 2), await ground.box(fabric, 3, 2)
        _connect(ground.host, outside)
        server = outside.run(lambda: socket.create_server(("0.0.0.0", 80)))
        threading.Thread(target=_serve, args=(server,), daemon=True).start()
        assert _ask("192.0.2.2", 80, one) == "192.0.2.1"
        assert _ask("192.0.2.2", 80, shut) == "OSError"
        # From there: only what is published.
        assert _ask("10.99.1.2", 80, outside) == "TimeoutError"
        await fabric.publish([_wish(ANY, 8080)], Targets(_ip("10.99.1.2")))
        assert _ask("192.0.2.1", 8080, outside) == "192.0.2.2"
        server.close()

    try:
        ground.run(scenario)
    finally:
        outside.close()


def _connect(host: Namespace, outside: Namespace) -> None:
    """A cable between the two, with a route to the containers."""
    holder = outside.run(lambda: subprocess.Popen(["sleep", "20"]))
    try:
        peer = f"type veth peer name cable netns {holder.pid}"
        _shell(host, f"ip link add cable {peer}; ip addr add 192.0.2.1/24 dev cable")
        _shell(outside, "ip addr add 192.0.2.2/24 dev cable; ip link set cable up")
        _shell(host, "ip link set cable up")
        _shell(outside, "ip route add default via 192.0.2.1")
    finally:
        holder.kill()
        holder.wait()


def _exists(name: str) -> bool:
    try:
        return socket.if_nametoindex(name) > 0
    except OSError:
        return False


def test_endpoints_go_with_their_namespace(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        end = Endpoint("v1n9", "eth0", "02:42:0a:63:01:09", (), "br1")
        made = await fabric.wire(Wiring([end]))
        assert _exists("v1n9")
        made.close()
        assert settled(lambda: [1] if _exists("v1n9") else []) == []

    ground.run(scenario)


def test_a_failed_endpoint_leaves_nothing(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        bad = ipaddress.IPv4Interface("0.0.0.0/0")
        good = Endpoint("v1n8", "eth0", "02:42:0a:63:01:08", (), "br1")
        for end in (
            Endpoint("v1n9", "eth1", "ff:ff:ff:ff:ff:ff", (bad,), "br1"),
            Endpoint("v1n9", "eth1", "02:42:0a:63:01:09", (), "nosuch"),
        ):
            with pytest.raises(OSError):
                await fabric.wire(Wiring([good, end]))
            assert settled(lambda: [n for n in ("v1n8", "v1n9") if _exists(n)]) == []

    ground.run(scenario)


def test_a_lost_table_is_put_back(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        await ground.box(fabric, 1, 2)
        await fabric.publish([_wish(ANY, 8080)], Targets(_ip("10.99.1.2")))
        _shell(ground.host, "nft flush ruleset")
        assert _ask("10.99.1.1", 8080) != "10.99.1.1"
        await fabric.restore()
        assert _ask("127.0.0.1", 8080) == "10.99.1.1"

    ground.run(scenario)


def test_another_thread_is_left_where_it_is(ground: Ground) -> None:
    before = os.readlink("/proc/thread-self/ns/net")
    inside = ground.host.run(lambda: os.readlink("/proc/thread-self/ns/net"))
    assert inside != before == os.readlink("/proc/thread-self/ns/net")
