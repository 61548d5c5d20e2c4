"""Published ports: who reaches them, and what other firewalls do to them."""

import contextlib
import ipaddress
import socket
import subprocess
import threading

import pytest

from boxship.network.fabric import Fabric, Targets
from boxship.network.namespace import Namespace
from boxship.network.ruleset import Publishing
from support.network_ground import (
    ANY,
    ANY6,
    BOX,
    Ground,
    ask,
    connect,
    ip,
    rules,
    shell,
    until,
    wish_for,
)


def test_ipv6_from_everywhere(ground: Ground, outside: Namespace) -> None:
    async def scenario(fabric: Fabric) -> None:
        connect(ground.host, outside)
        box, neighbour = await ground.box(fabric, 1, 2), await ground.box(fabric, 1, 3)
        rows = await fabric.publish([wish_for(ANY6, 8080)], BOX)
        assert ask("2001:db8::1", 8080, outside) == "2001:db8::2"
        assert ask("2001:db8::1", 8080) == "2001:db8::1"
        for inside in (box, neighbour):
            assert ask("fd00:99:1::1", 8080, inside).startswith("fd00:99:1::")
        assert ask("fd00:99:1::2", 80, outside) in ("TimeoutError", "OSError")
        await fabric.withdraw(rows)
        assert ask("2001:db8::1", 8080, outside) == "ConnectionRefusedError"

    ground.run(scenario)


def test_a_container_reaches_itself(ground: Ground) -> None:
    """By the host's address, and by its own port: frames may go back where they came from."""

    async def scenario(fabric: Fabric) -> None:
        box = await ground.box(fabric, 1, 2)
        await fabric.publish([wish_for(ANY, 8080), wish_for(ANY6, 8080)], BOX)
        assert ask("10.99.1.1", 8080, box) == "10.99.1.1"
        assert ask("fd00:99:1::1", 8080, box) == "fd00:99:1::1"
        command = ["bridge", "-d", "link", "show", "dev", "v1n2"]
        shown = ground.host.run(lambda: subprocess.run(command, capture_output=True, text=True))
        assert "hairpin on" in shown.stdout

    ground.run(scenario)


def _echo(server: socket.socket) -> None:
    while True:
        data, peer = server.recvfrom(100)
        if not data:
            return
        server.sendto(data + peer[0].encode(), peer)


def _ask_by_udp(address: str, port: int) -> str:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(2.5)
        client.connect((address, port))
        client.send(b"from ")
        return client.recv(100).decode()


def test_udp(ground: Ground, outside: Namespace) -> None:
    def serve() -> socket.socket:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("0.0.0.0", 80))
        return server

    async def scenario(fabric: Fabric) -> None:
        connect(ground.host, outside)
        box = await ground.box(fabric, 1, 2)
        with box.run(serve) as server:
            thread = threading.Thread(target=_echo, args=(server,))
            thread.start()
            await fabric.publish([wish_for(ANY, 9000, "udp")], BOX)
            assert outside.run(lambda: _ask_by_udp("192.0.2.1", 9000)) == "from 192.0.2.2"
            assert _ask_by_udp("127.0.0.1", 9000) == "from 10.99.1.1"
            assert box.run(lambda: _ask_by_udp("10.99.1.1", 9000)) == "from 10.99.1.1"
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", ("10.99.1.2", 80))
            thread.join()

    ground.run(scenario)


_TO_FOREIGN_LOOPBACK = """
ip route del local 127.0.0.1 dev lo table local
ip route del local 127.0.0.0/8 dev lo table local
ip route add 127.0.0.1 via 192.0.2.1 src 192.0.2.2
"""
_UNPROTECTED = """
nft flush chain inet boxship arriving
nft add rule inet boxship arriving fib daddr type local jump publish
"""


def _knock() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"knock", ("127.0.0.1", 9000))


def test_what_is_published_on_loopback_is_for_this_host(ground: Ground, outside: Namespace) -> None:
    async def scenario(fabric: Fabric) -> None:
        connect(ground.host, outside)
        box = await ground.box(fabric, 1, 2)
        await fabric.publish([wish_for(ip("127.0.0.1"), 9000, "udp")], BOX)
        shell(outside, _TO_FOREIGN_LOOPBACK)
        with box.run(lambda: socket.socket(type=socket.SOCK_DGRAM)) as listener:
            listener.bind(("0.0.0.0", 80))
            listener.settimeout(2.5)
            outside.run(_knock)
            _knock()
            assert listener.recvfrom(10)[1][0] == "10.99.1.1"
            # It is the rule that keeps it out.
            shell(ground.host, _UNPROTECTED)
            outside.run(_knock)
            assert listener.recvfrom(10)[1][0] == "192.0.2.2"

    ground.run(scenario)


def test_rules_that_others_remove_come_back(ground: Ground, outside: Namespace) -> None:
    async def scenario(fabric: Fabric) -> None:
        connect(ground.host, outside)
        await ground.box(fabric, 1, 2)
        await fabric.publish([wish_for(ANY, 8080)], BOX)
        for loss in ("flush ruleset", "flush table inet boxship", "delete table inet boxship"):
            shell(ground.host, f"nft add table ip theirs; nft {loss}")
            await until(lambda: "goto received" in rules(ground.host, "ruleset"))
            assert ask("192.0.2.1", 8080, outside) == "192.0.2.2"
        # Only ours: what others have removed of theirs is their affair.
        shell(ground.host, "nft flush ruleset")
        await until(lambda: "goto received" in rules(ground.host, "ruleset"))
        assert rules(ground.host, "tables").split() == ["table", "inet", "boxship"]

    ground.run(scenario)


def _handle(host: Namespace) -> str:
    """The kernel's number of our table, another one when it is made anew."""
    command = ["nft", "-a", "list", "table", "inet", "boxship"]
    done = host.run(lambda: subprocess.run(command, capture_output=True, text=True))
    return done.stdout.partition("# handle ")[2].partition("\n")[0]


def test_changes_of_others_leave_ours_alone(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        before = _handle(ground.host)
        shell(
            ground.host,
            "nft add table ip theirs; nft 'add chain ip theirs through"
            " { type filter hook forward priority 0; policy drop; }'",
        )
        # It has been looked at, and what is ours is the table that it was.
        await until(lambda: fabric.surroundings.obstacles == ("ip theirs through",))
        assert before == _handle(ground.host) != ""

    ground.run(scenario)


_FIREWALL = """
nft add table inet host
nft 'add chain inet host input { type filter hook input priority 0; policy drop; }'
nft add rule inet host input ct state established,related accept
nft add rule inet host input iifname lo accept
nft 'add rule inet host input icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept'
"""
_OPENED = "nft insert rule inet host input tcp dport 8080 accept"


def test_past_the_hosts_firewall_by_default(ground: Ground, outside: Namespace) -> None:
    async def scenario(fabric: Fabric) -> None:
        connect(ground.host, outside)
        await ground.box(fabric, 1, 2)
        shell(ground.host, _FIREWALL)
        await fabric.publish([wish_for(ANY, 8080)], BOX)
        assert ask("192.0.2.1", 8080, outside) == "192.0.2.2"
        await until(lambda: fabric.surroundings.closed == ("inet host input",))

    ground.run(scenario)


def test_behind_the_hosts_firewall(ground: Ground, outside: Namespace) -> None:
    async def scenario(fabric: Fabric) -> None:
        connect(ground.host, outside)
        box = await ground.box(fabric, 1, 2)
        await fabric.publish([wish_for(ANY, 8080), wish_for(ANY6, 8080)], BOX)
        assert ask("192.0.2.1", 8080, outside) == "192.0.2.2"
        shell(ground.host, _FIREWALL)
        # What it let in before is asked for anew.
        await until(lambda: "elements" not in rules(ground.host, "set inet boxship admitted"))
        assert ask("192.0.2.1", 8080, outside) == "TimeoutError"
        assert ask("2001:db8::1", 8080, outside) == "TimeoutError"
        for inside in (None, box):
            assert ask("10.99.1.1", 8080, inside).startswith("10.99.1.")
        shell(ground.host, _OPENED)
        assert ask("192.0.2.1", 8080, outside) == "192.0.2.2"
        assert ask("2001:db8::1", 8080, outside) == "2001:db8::2"

    ground.run(scenario, Publishing(guarded=True))


def test_behind_the_firewall_other_addresses_are_the_hosts(
    ground: Ground, outside: Namespace
) -> None:
    async def scenario(fabric: Fabric) -> None:
        connect(ground.host, outside)
        await ground.box(fabric, 1, 2)
        shell(ground.host, "ip addr add 192.0.2.9/24 dev cable")
        await fabric.publish([wish_for(ip("192.0.2.1"), 8080)], BOX)
        with ground.host.run(lambda: socket.create_server(("192.0.2.9", 8080))) as server:
            server.settimeout(5)
            assert ask("192.0.2.1", 8080, outside) == "192.0.2.2"
            with outside.run(lambda: socket.create_connection(("192.0.2.9", 8080), 5)) as ours:
                assert server.accept()[1] == ours.getsockname()

    ground.run(scenario, Publishing(guarded=True))


def test_daemons_have_a_table_each(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        other = Fabric("boxship_other")
        assert await other.usable()
        assert rules(ground.host, "tables").split()[2::3] == ["boxship", "boxship_other"]
        await other.clear()
        other.close()
        assert rules(ground.host, "tables").split()[2::3] == ["boxship"]

    ground.run(scenario)


def test_without_rules_there_is_no_table(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        assert rules(ground.host, "tables") == ""
        await ground.box(fabric, 1, 2)
        rows = await fabric.publish([wish_for(ANY, 8080)], BOX)
        (proxied,) = await fabric.proxied(rows)
        assert proxied[0] == rows[0]

    ground.run(scenario, Publishing(rules=False, rules6=False))


def test_rules_for_one_version_only(ground: Ground, outside: Namespace) -> None:
    async def scenario(fabric: Fabric) -> None:
        connect(ground.host, outside)
        await ground.box(fabric, 1, 2)
        await fabric.publish([wish_for(ANY, 8080), wish_for(ANY6, 8080)], BOX)
        assert ask("192.0.2.1", 8080, outside) == "192.0.2.2"
        assert ask("10.99.1.2", 80, outside) == "TimeoutError"
        # Whoever switches rules off has routed networks.
        shell(outside, "ip route add fd00:99:1::/64 via 2001:db8::1")
        assert ask("fd00:99:1::2", 80, outside) == "2001:db8::2"

    ground.run(scenario, Publishing(rules6=False))


def test_nobody_gets_what_was_sent_to_an_earlier_container(ground: Ground) -> None:
    """A client of UDP goes on sending while the address becomes another's."""
    here = ("192.0.2.55", 40001)

    async def scenario(fabric: Fabric) -> None:
        shell(ground.host, f"ip addr add {here[0]}/32 dev lo")
        box = await ground.box(fabric, 1, 2)
        other = await ground.box(fabric, 1, 3)
        rows = await fabric.publish([wish_for(ANY, 9000, "udp")], Targets(BOX.ipv4))
        rows += await fabric.publish([wish_for(ANY, 9001, "udp")], Targets(ip("10.99.1.3")))
        client = ground.host.run(lambda: socket.socket(type=socket.SOCK_DGRAM))
        server = box.run(lambda: socket.socket(type=socket.SOCK_DGRAM))
        kept = other.run(lambda: socket.socket(type=socket.SOCK_DGRAM))
        with client, server, kept:
            client.bind(here)
            kept.bind(("10.99.1.3", 80))
            kept.settimeout(5)
            client.sendto(b"other", (here[0], 9001))
            assert kept.recv(100) == b"other"
            server.bind(("10.99.1.2", 80))
            server.settimeout(5)
            client.sendto(b"one", (here[0], 9000))
            assert server.recv(100) == b"one"
            await fabric.withdraw(rows)
            client.sendto(b"two", (here[0], 9000))
            assert server.recv(100) == b"two"
            fabric.forget([ip("10.99.1.2"), ipaddress.IPv6Address("fd00:99:1::2")])
            await fabric.with_channel(lambda channel: None)
            for _ in range(2):
                with contextlib.suppress(ConnectionRefusedError):
                    client.sendto(b"three", (here[0], 9000))
            server.settimeout(0.4)
            with pytest.raises(TimeoutError):
                server.recv(100)
            client.sendto(b"more", (here[0], 9001))
            assert kept.recv(100) == b"more"

    ground.run(scenario)
