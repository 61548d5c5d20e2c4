"""Bridges, endpoints, firewall and published ports, in network namespaces of the test's own."""

import contextlib
import ipaddress
import itertools
import os
import socket
import threading

import pytest

from boxship.base.errors import Internal
from boxship.kernel import rtnetlink
from boxship.network import bridge
from boxship.network.bridge import Bridge
from boxship.network.endpoint import Endpoint
from boxship.network.fabric import Fabric, Targets, Wiring
from boxship.network.namespace import Namespace
from support.dying import Dead, Dying
from support.leaks import settled
from support.network_ground import ANY, Ground, ask, connect, ip, serve, shell, wired, wish_for


def test_a_bridge_half_made_is_swept(ground: Ground) -> None:
    """Wherever its maker died, the next daemon knows it as its own."""
    own = (ipaddress.IPv4Interface("10.99.9.1/24"),)
    wanted = Bridge("half", "02:42:0a:63:09:01", own, owner="boxship test", ipv6=True)

    def work() -> int:
        for count in itertools.count():
            channel = Dying(count)
            with contextlib.closing(channel), contextlib.suppress(Dead):
                bridge.ensure(channel, wanted)
                return count
            with contextlib.closing(rtnetlink.open_socket()) as sweeper:
                bridge.sweep(sweeper, wanted.owner, ())
            assert not bridge.is_interface("half"), count
        raise AssertionError

    assert ground.host.run(work) >= 4


def test_neighbours_reach_each_other_and_the_host(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one, _ = await ground.box(fabric, 1, 2), await ground.box(fabric, 1, 3)
        assert ask("10.99.1.3", 80, one) == "10.99.1.2"
        assert ask("10.99.1.3", 80) == "10.99.1.1"

    ground.run(scenario)


def test_networks_are_apart(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one, other = await ground.box(fabric, 1, 2), await ground.box(fabric, 2, 2)
        assert ask("10.99.2.2", 80, one) == "TimeoutError"
        assert ask("10.99.1.2", 80, other) == "TimeoutError"

    ground.run(scenario)


def test_isolated_ports_meet_the_host_only(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one = await ground.box(fabric, 1, 2, isolated=True)
        await ground.box(fabric, 1, 3, isolated=True)
        assert ask("10.99.1.3", 80, one) in ("TimeoutError", "OSError")
        assert ask("10.99.1.3", 80) == "10.99.1.1"

    ground.run(scenario)


def test_published_ports_from_everywhere(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one, two = await ground.box(fabric, 1, 2), await ground.box(fabric, 1, 3)
        other = await ground.box(fabric, 2, 2)
        wish = wish_for(ANY, 8080)
        rows = await fabric.publish([wish], Targets(ip("10.99.1.2")))
        for inside in (None, one, two, other):
            assert ask("10.99.1.1", 8080, inside).startswith("10.99.")
        assert ask("127.0.0.1", 8080) == "10.99.1.1"
        with pytest.raises(Internal, match="port is already allocated"):
            await fabric.publish([wish_for(ANY, 8081), wish], Targets(ip("10.99.1.3")))
        await fabric.withdraw(rows)
        assert ask("127.0.0.1", 8080) == "ConnectionRefusedError"
        # What came before the refusal was given back.
        assert await fabric.publish([wish_for(ANY, 8081)], Targets(ip("10.99.1.3")))

    ground.run(scenario)


def test_one_address_is_no_other(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one = await ground.box(fabric, 1, 2)
        await fabric.publish([wish_for(ip("127.0.0.1"), 8080)], Targets(ip("10.99.1.2")))
        assert ask("127.0.0.1", 8080) == "10.99.1.1"
        assert ask("10.99.1.1", 8080) == "ConnectionRefusedError"
        assert ask("10.99.1.1", 8080, one) == "ConnectionRefusedError"

    ground.run(scenario)


_THROUGH_THE_GATEWAY = """
ip route del local 127.0.0.1 dev lo table local
ip route del local 127.0.0.0/8 dev lo table local
ip route add 127.0.0.1 via 10.99.1.1 src 10.99.1.2
echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet
"""


def _knock() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"knock", ("127.0.0.1", 9000))


def test_loopback_of_the_host_is_not_for_containers(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one = await ground.box(fabric, 1, 2)
        shell(one, _THROUGH_THE_GATEWAY)
        with socket.socket(type=socket.SOCK_DGRAM) as listener:
            listener.bind(("127.0.0.1", 9000))
            listener.settimeout(0.5)
            one.run(_knock)
            with pytest.raises(TimeoutError):
                listener.recv(10)
            # It is the rule that keeps it out.
            shell(ground.host, "nft flush chain inet boxship loopback")
            listener.settimeout(10)
            one.run(_knock)
            assert listener.recv(10) == b"knock"

    ground.run(scenario)


def test_the_way_out_is_masqueraded_but_not_from_inside(ground: Ground, outside: Namespace) -> None:
    async def scenario(fabric: Fabric) -> None:
        one, shut = await ground.box(fabric, 1, 2), await ground.box(fabric, 3, 2)
        connect(ground.host, outside)
        server = outside.run(lambda: socket.create_server(("0.0.0.0", 80)))
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        assert ask("192.0.2.2", 80, one) == "192.0.2.1"
        assert ask("192.0.2.2", 80, shut) == "OSError"
        # From there: only what is published.
        assert ask("10.99.1.2", 80, outside) == "TimeoutError"
        await fabric.publish([wish_for(ANY, 8080)], Targets(ip("10.99.1.2")))
        assert ask("192.0.2.1", 8080, outside) == "192.0.2.2"
        server.close()

    ground.run(scenario)


def _exists(name: str) -> bool:
    try:
        return socket.if_nametoindex(name) > 0
    except OSError:
        return False


def test_endpoints_go_with_their_namespace(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        end = Endpoint("v1n9", "eth0", "02:42:0a:63:01:09", (), "br1")
        made = await wired(fabric, Wiring([end]))
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
                await wired(fabric, Wiring([good, end]))
            assert settled(lambda: [n for n in ("v1n8", "v1n9") if _exists(n)]) == []

    ground.run(scenario)


def test_another_thread_is_left_where_it_is(ground: Ground) -> None:
    before = os.readlink("/proc/thread-self/ns/net")
    inside = ground.host.run(lambda: os.readlink("/proc/thread-self/ns/net"))
    assert inside != before == os.readlink("/proc/thread-self/ns/net")
