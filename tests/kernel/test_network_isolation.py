"""What containers cannot do to one another, to other networks and to the host, however they try.

Each rule is shown to be what keeps them out: without it they get through.
"""

import contextlib
import ipaddress
import socket
import subprocess
from collections.abc import Callable, Iterator

import pytest

from boxship.network import namespace
from boxship.network.bridge import Bridge
from boxship.network.endpoint import Endpoint
from boxship.network.fabric import Fabric, Wiring
from boxship.network.namespace import Namespace
from boxship.network.ruleset import Zone
from support.forged import announcement, router_advertisement, send_datagram, send_frame
from support.network_ground import Ground, ask, connect, shell, wired
from support.waiting import eventually

#: Seconds in which what gets through has long got through.
SILENCE = 0.4
PORT = 9000
BAD = "2001:db8:bad::/64"


@contextlib.contextmanager
def listening(inside: Namespace, address: str, port: int = PORT) -> Iterator[socket.socket]:
    """A UDP socket in the namespace."""
    opened = inside.run(lambda: socket.socket(type=socket.SOCK_DGRAM))
    with opened:
        opened.bind((address, port))
        opened.settimeout(SILENCE)
        yield opened


def gets_through(listener: socket.socket, send: Callable[[], None]) -> bool:
    """Whether one of some packets arrives."""
    for _ in range(3):
        send()
        with contextlib.suppress(TimeoutError):
            listener.recv(100)
            return True
    return False


def say(inside: Namespace, address: str) -> Callable[[], None]:
    def send() -> None:
        # Nobody may be there who has the address.
        with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as sender:
            sender.sendto(b"hello", (address, PORT))

    return lambda: inside.run(send)


def without(ground: Ground, chain: str) -> None:
    shell(ground.host, f"nft flush chain inet boxship {chain}")


def test_networks_are_apart_in_ipv6_too(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one, other = await ground.box(fabric, 1, 2), await ground.box(fabric, 1, 3)
        await ground.box(fabric, 2, 2)
        assert ask("fd00:99:1::3", 80, one) == "fd00:99:1::2"
        assert ask("fd00:99:2::2", 80, other) == "TimeoutError"

    ground.run(scenario)


def test_nobody_speaks_in_a_connection_of_another_network(ground: Ground) -> None:
    """With the sender's address of whom the other one is talking to."""
    outside = namespace.make()
    peer, here = ("192.0.2.2", 6000), ("192.0.2.1", PORT)

    async def scenario(fabric: Fabric) -> None:
        one, other = await ground.box(fabric, 1, 2), await ground.box(fabric, 2, 2)
        connect(ground.host, outside)
        with listening(other, "10.99.2.2") as mine, listening(outside, *peer) as theirs:
            mine.sendto(b"question", peer)
            question, came_from = theirs.recvfrom(100)
            assert (question, came_from) == (b"question", here)
            theirs.sendto(b"answer", came_from)
            assert mine.recv(100) == b"answer"

            def forge() -> None:
                one.run(lambda: send_datagram(peer, here, b"forged"))

            assert not gets_through(mine, forge)
            without(ground, "across")
            assert gets_through(mine, forge)

    try:
        ground.run(scenario)
    finally:
        outside.close()


async def _apart(ground: Ground, fabric: Fabric) -> tuple[Namespace, Namespace]:
    """Two containers of a network whose containers do not reach each other."""
    net = ipaddress.IPv4Network("10.99.4.0/24")
    own = (ipaddress.IPv4Interface("10.99.4.1/24"),)
    zone = Zone("br4", net, icc=False)
    await fabric.add_network(Bridge("br4", "02:42:0a:63:04:01", own), zone)
    made = []
    for last in (2, 3):
        mac, address = f"02:42:0a:63:04:0{last}", ipaddress.IPv4Interface(f"10.99.4.{last}/24")
        end = Endpoint(f"v4n{last}", "eth0", mac, (address,), "br4", isolated=True)
        made.append(await wired(fabric, Wiring([end], [own[0].ip])))
    ground.opened += made
    return made[0], made[1]


def test_without_icc_there_is_no_way_by_the_host_either(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one, other = await _apart(ground, fabric)
        with listening(other, "10.99.4.3") as listener:
            assert not gets_through(listener, say(one, "10.99.4.3"))
            shell(one, "ip route add 10.99.4.3 via 10.99.4.1")
            assert not gets_through(listener, say(one, "10.99.4.3"))
            without(ground, "across")
            assert gets_through(listener, say(one, "10.99.4.3"))

    ground.run(scenario)


def test_an_internal_network_has_no_way_out_with_routes_of_ones_own(ground: Ground) -> None:
    outside = namespace.make()

    async def scenario(fabric: Fabric) -> None:
        shut, other = await ground.box(fabric, 3, 2), await ground.box(fabric, 1, 2)
        connect(ground.host, outside)
        shell(shut, "ip route add default via 10.99.3.1")
        with listening(outside, "192.0.2.2") as far, listening(other, "10.99.1.2") as near:
            assert not gets_through(far, say(shut, "192.0.2.2"))
            assert not gets_through(near, say(shut, "10.99.1.2"))
            without(ground, "sent")
            assert gets_through(far, say(shut, "192.0.2.2"))
            assert gets_through(near, say(shut, "10.99.1.2"))

    try:
        ground.run(scenario)
    finally:
        outside.close()


def _offered(inside: Namespace) -> str:
    """What somebody has from a router that offers :data:`BAD`."""
    script = "ip -6 addr; ip -6 route"
    done = inside.run(
        lambda: subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    )
    rows = done.stdout.splitlines()
    # Addresses made of a random one may have the same digits.
    return "\n".join(row for row in rows if "2001:db8:bad:" in row or "proto ra" in row)


def test_nobody_is_configured_by_a_container_that_poses_as_router(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one, neighbour = await ground.box(fabric, 1, 2), await ground.box(fabric, 1, 3)
        willing = await ground.box(fabric, 1, 4)
        shell(willing, "echo 2 > /proc/sys/net/ipv6/conf/eth0/accept_ra")
        frame = router_advertisement("02:42:0a:63:01:02", "fe80::42:aff:fe63:102", BAD)

        def configured(who: Namespace) -> bool:
            one.run(lambda: send_frame(frame))
            return bool(_offered(who))

        eventually(lambda: configured(willing))
        assert _offered(neighbour) == ""
        assert _offered(ground.host) == ""
        shell(ground.host, "echo 2 > /proc/sys/net/ipv6/conf/br1/accept_ra")
        eventually(lambda: configured(ground.host))

    ground.run(scenario)


def test_nor_is_the_host_by_one_without_ipv6(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        one, _ = await _apart(ground, fabric)
        frame = router_advertisement("02:42:0a:63:04:02", "fe80::42:aff:fe63:402", BAD)
        with contextlib.closing(_capture(ground, "br4")) as seen:
            one.run(lambda: send_frame(frame))
            assert frame in iter(lambda: seen.recv(2000), b"")
        assert _offered(ground.host) == ""
        shell(ground.host, "echo 2 > /proc/sys/net/ipv6/conf/br4/accept_ra")

        def configured() -> bool:
            one.run(lambda: send_frame(frame))
            return bool(_offered(ground.host))

        eventually(configured)

    ground.run(scenario)


def _capture(ground: Ground, interface: str) -> socket.socket:
    """All that arrives at an interface of the host."""
    all_of_them = socket.htons(3)

    def work() -> socket.socket:
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, all_of_them)
        opened.bind((interface, 3))
        opened.settimeout(5)
        return opened

    return ground.host.run(work)


def test_interfaces_without_ipv6_addresses_speak_none(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        plain, _ = await _apart(ground, fabric)
        both = await ground.box(fabric, 1, 2)
        key = "cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6"
        shown = [
            each.run(lambda: subprocess.run(["sh", "-c", key], capture_output=True, text=True))
            for each in (plain, both)
        ]
        assert [done.stdout.strip() for done in shown] == ["1", "0"]

    ground.run(scenario)


@pytest.mark.parametrize("stolen", ["02:42:0a:63:01:03", "02:42:0a:63:01:01"])
def test_frames_go_to_whom_they_belong(ground: Ground, stolen: str) -> None:
    """Somebody else who sends with the MAC address of a neighbour, or the host, gets nothing."""

    async def scenario(fabric: Fabric) -> None:
        one, victim = await ground.box(fabric, 1, 2), await ground.box(fabric, 1, 3)
        other = await ground.box(fabric, 1, 4)
        assert ask("10.99.1.3", 80, other) == "10.99.1.4"
        for _ in range(5):
            one.run(lambda: send_frame(announcement(stolen, "10.99.1.77")))
        assert ask("10.99.1.3", 80, other) == "10.99.1.4"
        assert ask("10.99.1.4", 80, victim) == "10.99.1.3"
        assert ask("10.99.1.3", 80) == "10.99.1.1"

    ground.run(scenario)
