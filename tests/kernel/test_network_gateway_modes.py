"""Gateway modes of networks: who reaches containers at their own addresses."""

import ipaddress
import subprocess
from collections.abc import Iterator

import pytest

from boxship.network import namespace
from boxship.network.bridge import Bridge
from boxship.network.fabric import Fabric, Targets
from boxship.network.namespace import Namespace
from boxship.network.ruleset import PLAIN, Publishing, Zone
from support.network_ground import ANY, ANY6, BOX, Ground, ask, connect, shell, wish_for

ROUTED = Targets(BOX.ipv4, BOX.ipv6, frozenset({4, 6}))
ADDRESSES = ("10.99.1.2", "fd00:99:1::2")
REFUSED = ("TimeoutError", "OSError")


@pytest.fixture
def far(ground: Ground) -> Iterator[Namespace]:
    """Another host, which has routes to the containers."""
    made = namespace.make()
    connect(ground.host, made)
    shell(made, "ip -6 route add default via 2001:db8::1")
    yield made
    made.close()


async def _mode(fabric: Fabric, mode: str) -> None:
    """Of the first network."""
    v4, v6 = ipaddress.IPv4Interface("10.99.1.1/24"), ipaddress.IPv6Interface("fd00:99:1::1/64")
    zone = Zone("br1", v4.network, subnet6=v6.network, modes=(mode, mode))
    await fabric.add_network(Bridge("br1", "02:42:0a:63:01:01", (v4, v6), ipv6=True), zone)


def test_published_ports_of_a_routed_network(ground: Ground, far: Namespace) -> None:
    async def scenario(fabric: Fabric) -> None:
        await _mode(fabric, "routed")
        await ground.box(fabric, 1, 2)
        neighbour = await ground.box(fabric, 2, 2)
        assert ask(ADDRESSES[1], 80, far) in REFUSED
        rows = await fabric.publish([wish_for(ANY, 8080), wish_for(ANY6, 8080)], ROUTED)
        assert [row.port for row in rows] == [0, 0]
        # By its own address, from everywhere, and by no port of the host's.
        for who, here in ((far, "192.0.2.2"), (neighbour, "10.99.2.2")):
            assert ask(ADDRESSES[0], 80, who) == here
        assert ask(ADDRESSES[1], 80, far) == "2001:db8::2"
        assert ask("192.0.2.1", 8080, far) == "ConnectionRefusedError"
        shell(far, "busybox ping -c1 -W2 10.99.1.2; busybox ping -c1 -W2 fd00:99:1::2")
        await fabric.withdraw(rows)
        assert ask(ADDRESSES[0], 80, far) in REFUSED

    ground.run(scenario)


def test_ports_of_this_host_alone_are_not_opened(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        local = ipaddress.IPv4Address("127.0.0.1")
        assert await fabric.publish([wish_for(local, 8080)], ROUTED) == []

    ground.run(scenario)


def test_all_ports_of_a_network_without_protection(ground: Ground, far: Namespace) -> None:
    async def scenario(fabric: Fabric) -> None:
        await ground.box(fabric, 1, 2)
        neighbour = await ground.box(fabric, 2, 2)
        assert ask(ADDRESSES[0], 80, far) in REFUSED
        await _mode(fabric, "nat-unprotected")
        assert ask(ADDRESSES[0], 80, far) == "192.0.2.2"
        assert ask(ADDRESSES[1], 80, far) == "2001:db8::2"
        # Other networks are still apart.
        assert ask(ADDRESSES[0], 80, neighbour) in REFUSED

    ground.run(scenario)


@pytest.mark.parametrize("guarded", [False, True])
def test_routed_ports_and_the_hosts_firewall(ground: Ground, far: Namespace, guarded: bool) -> None:
    """Behind it, what it does not forward is not let through."""

    async def scenario(fabric: Fabric) -> None:
        await _mode(fabric, "routed")
        await ground.box(fabric, 1, 2)
        await fabric.publish([wish_for(ANY, 8080)], ROUTED)
        hook = "type filter hook forward priority 0; policy drop;"
        passing = "ct state established accept; meta mark & 0x01000000 == 0x01000000 accept;"
        shell(ground.host, f"nft 'table ip own {{ chain f {{ {hook} {passing} }}; }}'")
        assert (ask(ADDRESSES[0], 80, far) == "192.0.2.2") != guarded

    wanted = Publishing(guarded=True) if guarded else PLAIN
    ground.run(scenario, wanted)


def _rules(ground: Ground) -> str:
    """Without what is in sets and maps."""
    command = ["nft", "-t", "-s", "list", "ruleset"]
    return ground.host.run(lambda: subprocess.run(command, capture_output=True, text=True).stdout)


def test_no_more_rules_for_more_ports(ground: Ground) -> None:
    """What a packet passes is the same, however much is published."""

    async def scenario(fabric: Fabric) -> None:
        await ground.box(fabric, 1, 2)
        before = _rules(ground)
        assert "dnat ip to" in before
        for number in range(9000, 9050):
            await fabric.publish([wish_for(ANY, number), wish_for(ANY6, number)], BOX)
        assert _rules(ground) == before

    ground.run(scenario)
