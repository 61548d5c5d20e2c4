"""One rule of ours in each foreign firewall that drops what we forward, and none that stays."""

import asyncio
import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from boxship.network.fabric import Fabric
from boxship.network.namespace import Namespace
from support.network_ground import ANY, BOX, Ground, ask, connect, rules, shell, until, wish_for

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
            await until(lambda c=chain, m=mine: f"{m} -j ACCEPT" in _chain(ground.host, c))
            # After the user's own rules, before the end.
            assert _chain(ground.host, chain) == [*before[:-1], f"{mine} -j ACCEPT", before[-1]]
            assert ask("192.0.2.1", 8080, outside) == "192.0.2.2"
            with outside.run(lambda: socket.create_server(("0.0.0.0", 80))):
                box.run(lambda: socket.create_connection(("192.0.2.2", 80), 5).close())
            # It does not open the way past our own rules.
            assert ask("10.99.1.2", 80, outside) == "TimeoutError"
            shell(ground.host, f"iptables -F {chain}")
            await until(lambda c=chain, m=mine: f"{m} -j ACCEPT" in _chain(ground.host, c))
            shell(ground.host, "iptables -P FORWARD ACCEPT")
            await until(lambda c=chain: _chain(ground.host, c) == [f"-N {c}"])
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
[ "${2#*=}" != "$ELSEWHERE" ] || exit 40
element="element inet firewalld trusted { ${2#*=} }"
case $2 in
    --query-interface=*) nft get $element ;;
    --add-interface=*) nft add $element ;;
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
            await until(lambda: "br1" in rules(ground.host, "set inet firewalld trusted"))
            assert ask("192.0.2.1", 8080, outside) == "192.0.2.2"
            with outside.run(lambda: socket.create_server(("0.0.0.0", 80))):
                box.run(lambda: socket.create_connection(("192.0.2.2", 80), 5).close())
            # It is reloaded, and has forgotten them.
            shell(ground.host, "nft delete table inet firewalld")
        shell(ground.host, _FIREWALLD)
        await until(lambda: "br3" in rules(ground.host, "set inet firewalld trusted"))
        await fabric.clear()
        assert "br" not in rules(ground.host, "set inet firewalld trusted")

    ground.run(scenario)


def test_a_chain_that_is_nobodys_is_reported(ground: Ground) -> None:
    async def scenario(fabric: Fabric) -> None:
        shell(
            ground.host,
            "nft add table inet own; nft 'add chain inet own transit { type filter hook forward"
            " priority 0; policy drop; }'",
        )
        await until(lambda: fabric.surroundings.obstacles == ("inet own transit",))
        assert _chain_is_empty(ground.host, "inet own transit")

    ground.run(scenario)


def _chain_is_empty(host: Namespace, place: str) -> bool:
    return "mark" not in rules(host, f"chain {place}")


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
        await until(lambda: record.exists() and len(json.loads(record.read_text())) == 4)
        await until(lambda: "boxship" in "".join(_chain(ground.host, "DOCKER-USER")))
        await until(lambda: "br2" in rules(ground.host, "set inet firewalld trusted"))

    ground.run(scenario, record=record)

    async def successor() -> None:
        fabric = Fabric(foreign=record)
        assert await fabric.usable()
        await fabric.settle()
        fabric.close()

    ground.host.run(lambda: asyncio.run(successor()))
    assert json.loads(record.read_text()) == []
    assert "br2" not in rules(ground.host, "set inet firewalld trusted")
    assert "boxship" not in "".join(_chain(ground.host, "DOCKER-USER"))
