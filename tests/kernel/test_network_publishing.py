"""Published ports: who reaches them, and what other firewalls do to them."""

import asyncio
import ipaddress
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from boxship.network.fabric import Fabric, Targets
from boxship.network.namespace import Namespace
from boxship.network.ruleset import Publishing
from support.network_ground import ANY, Ground, ask, connect, ip, shell, wish_for

ANY6 = ipaddress.IPv6Address(0)
BOX = Targets(ip("10.99.1.2"), ipaddress.IPv6Address("fd00:99:1::2"))


async def _until(condition: Callable[[], bool]) -> None:
    """While the loop goes on. It fails when that takes too long."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it does not become true"
        await asyncio.sleep(0.02)


def _rules(host: Namespace, what: str) -> str:
    command = ["nft", "list", *what.split()]
    return host.run(lambda: subprocess.run(command, capture_output=True, text=True).stdout)


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
            await _until(lambda: "goto judged" in _rules(ground.host, "ruleset"))
            assert ask("192.0.2.1", 8080, outside) == "192.0.2.2"
        # Only ours: what others have removed of theirs is their affair.
        shell(ground.host, "nft flush ruleset")
        await _until(lambda: "goto judged" in _rules(ground.host, "ruleset"))
        assert _rules(ground.host, "tables").split() == ["table", "inet", "boxship"]

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
        await _until(lambda: fabric.surroundings.obstacles == ("ip theirs through",))
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
        await _until(lambda: fabric.surroundings.closed == ("inet host input",))

    ground.run(scenario)


def test_behind_the_hosts_firewall(ground: Ground, outside: Namespace) -> None:
    async def scenario(fabric: Fabric) -> None:
        connect(ground.host, outside)
        box = await ground.box(fabric, 1, 2)
        await fabric.publish([wish_for(ANY, 8080), wish_for(ANY6, 8080)], BOX)
        assert ask("192.0.2.1", 8080, outside) == "192.0.2.2"
        shell(ground.host, _FIREWALL)
        # What it let in before is asked for anew.
        await _until(lambda: "elements" not in _rules(ground.host, "set inet boxship admitted"))
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


_DROPPING = """
iptables -P FORWARD DROP
iptables -N {chain}
iptables -A FORWARD -j {chain}
iptables -A {chain} -s 203.0.113.1 -j DROP
iptables -A {chain} -j RETURN
"""


def _chain(host: Namespace, chain: str) -> list[str]:
    command = ["iptables", "-S", chain]
    done = host.run(lambda: subprocess.run(command, capture_output=True, text=True, check=True))
    return done.stdout.splitlines()


def test_a_foreign_chain_that_drops_gets_one_rule(ground: Ground, outside: Namespace) -> None:
    async def scenario(fabric: Fabric) -> None:
        connect(ground.host, outside)
        box = await ground.box(fabric, 1, 2)
        await fabric.publish([wish_for(ANY, 8080)], BOX)
        for chain in ("DOCKER-USER", "ufw-user-forward"):
            shell(ground.host, _DROPPING.format(chain=chain))
            before = _chain(ground.host, chain)
            mine = f"-A {chain} -m mark --mark 0x1000000/0x1000000 -m comment --comment boxship"
            await _until(lambda c=chain, m=mine: f"{m} -j ACCEPT" in _chain(ground.host, c))
            # After the user's own rules, before the end.
            assert _chain(ground.host, chain) == [*before[:-1], f"{mine} -j ACCEPT", before[-1]]
            assert ask("192.0.2.1", 8080, outside) == "192.0.2.2"
            with outside.run(lambda: socket.create_server(("0.0.0.0", 80))):
                box.run(lambda: socket.create_connection(("192.0.2.2", 80), 5).close())
            # It does not open the way past our own rules.
            assert ask("10.99.1.2", 80, outside) == "TimeoutError"
            shell(ground.host, f"iptables -F {chain}")
            await _until(lambda c=chain, m=mine: f"{m} -j ACCEPT" in _chain(ground.host, c))
            shell(ground.host, "iptables -P FORWARD ACCEPT")
            await _until(lambda c=chain: _chain(ground.host, c) == [f"-N {c}"])
            shell(ground.host, f"iptables -F FORWARD; iptables -X {chain}")

    ground.run(scenario)


# What firewalld has of forwarding, and the program that tells it of interfaces: as the real one,
# it keeps them in no chain that others could change.
_FIREWALLD = """
nft add table inet firewalld
nft 'add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; }'
nft 'add set inet firewalld trusted { type ifname; }'
nft add rule inet firewalld filter_FORWARD ct state established,related accept
nft add rule inet firewalld filter_FORWARD ct status dnat accept
nft add rule inet firewalld filter_FORWARD iifname @trusted accept
nft add rule inet firewalld filter_FORWARD reject with icmpx admin-prohibited
"""
_FIREWALL_CMD = """#!/bin/sh
[ "$1" = --zone=trusted ] || exit 2
element="element inet firewalld trusted { ${2#*=} }"
case $2 in
    --query-interface=*) nft get $element ;;
    --change-interface=*) nft add $element ;;
    --remove-interface=*) nft delete $element ;;
esac
"""


def test_firewalld_is_told_of_bridges(
    ground: Ground, outside: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "firewall-cmd"
    program.write_text(_FIREWALL_CMD)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    async def scenario(fabric: Fabric) -> None:
        connect(ground.host, outside)
        box = await ground.box(fabric, 1, 2)
        await fabric.publish([wish_for(ANY, 8080)], BOX)
        for _ in range(2):
            shell(ground.host, _FIREWALLD)
            await _until(lambda: "br1" in _rules(ground.host, "set inet firewalld trusted"))
            assert ask("192.0.2.1", 8080, outside) == "192.0.2.2"
            with outside.run(lambda: socket.create_server(("0.0.0.0", 80))):
                box.run(lambda: socket.create_connection(("192.0.2.2", 80), 5).close())
            # It is reloaded, and has forgotten them.
            shell(ground.host, "nft delete table inet firewalld")
        shell(ground.host, _FIREWALLD)
        await _until(lambda: "br3" in _rules(ground.host, "set inet firewalld trusted"))
        await fabric.clear()
        assert "br" not in _rules(ground.host, "set inet firewalld trusted")

    ground.run(scenario)


def test_a_chain_that_is_nobodys_is_reported(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        shell(
            ground.host,
            "nft add table inet own; nft 'add chain inet own transit { type filter hook forward"
            " priority 0; policy drop; }'",
        )
        await _until(lambda: fabric.surroundings.obstacles == ("inet own transit",))
        assert _chain_is_empty(ground.host, "inet own transit")

    ground.run(scenario)


def _chain_is_empty(host: Namespace, place: str) -> bool:
    return "mark" not in _rules(host, f"chain {place}")


def test_daemons_have_a_table_each(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        other = Fabric("boxship_other")
        assert await other.usable()
        assert _rules(ground.host, "tables").split()[2::3] == ["boxship", "boxship_other"]
        await other.clear()
        other.close()
        assert _rules(ground.host, "tables").split()[2::3] == ["boxship"]

    ground.run(scenario)


def test_without_rules_there_is_no_table(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        assert _rules(ground.host, "tables") == ""
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


def test_rules_of_a_daemon_that_was_killed_go(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "firewall-cmd"
    program.write_text(_FIREWALL_CMD)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    record = tmp_path / "rules.json"

    async def scenario(fabric: Fabric) -> None:
        shell(ground.host, _FIREWALLD)
        shell(ground.host, _DROPPING.format(chain="DOCKER-USER"))
        await _until(lambda: record.exists() and len(json.loads(record.read_text())) == 4)
        await _until(lambda: "boxship" in "".join(_chain(ground.host, "DOCKER-USER")))
        await _until(lambda: "br2" in _rules(ground.host, "set inet firewalld trusted"))

    ground.run(scenario, record=record)

    async def successor() -> None:
        fabric = Fabric(foreign=record)
        assert await fabric.usable()
        await fabric.settle()
        fabric.close()

    ground.host.run(lambda: asyncio.run(successor()))
    assert json.loads(record.read_text()) == []
    assert "br2" not in _rules(ground.host, "set inet firewalld trusted")
    assert "boxship" not in "".join(_chain(ground.host, "DOCKER-USER"))
