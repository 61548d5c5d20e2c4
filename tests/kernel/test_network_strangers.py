"""Interfaces of others: whatever they are called, and whenever they come, they stay as they are."""

import errno
import functools
import ipaddress
import subprocess
from pathlib import Path

import pytest

from boxship.kernel import rtnetlink
from boxship.kernel.netlink import Netlink
from boxship.kernel.rtnetlink import Link
from boxship.network import bridge, endpoint, parent
from boxship.network.bridge import Bridge
from boxship.network.endpoint import Endpoint, Upper
from boxship.network.fabric import Fabric, Wiring
from boxship.network.namespace import Namespace
from boxship.network.parent import Parent
from boxship.network.ruleset import Zone
from support.dying import Dead, Dying
from support.network_ground import Ground, shell, wired

OWNER = "boxship test"
ADDRESSES = (ipaddress.IPv4Interface("10.99.9.1/24"),)


def wanted(name: str) -> Bridge:
    return Bridge(name, "02:42:0a:63:09:01", ADDRESSES, owner=OWNER)


def links(inside: Namespace) -> dict[str, Link]:
    return {link.name: link for link in rtnetlink.links(inside.channel)}


def test_who_comes_first_keeps_an_interface_unmarked(ground: Ground) -> None:
    """Made between our look and our call: then the remark must not go to it."""
    shell(ground.host, "ip link add theirs type bridge")
    before = links(ground.host)["theirs"]
    new = functools.partial(rtnetlink.add_bridge, "theirs", "02:42:0a:63:09:02")
    with pytest.raises(FileExistsError):
        rtnetlink.add_marked(ground.host.channel, new, OWNER)
    assert links(ground.host)["theirs"] == before
    bridge.sweep(ground.host.channel, OWNER, ())
    assert "theirs" in links(ground.host)


def test_what_is_no_bridge_stays(ground: Ground) -> None:
    shell(ground.host, f"ip link add theirs type veth; ip link set theirs alias '{OWNER}'")
    before = links(ground.host)["theirs"]
    for name in ("theirs", "lo"):
        with pytest.raises(OSError, match="is not a bridge"):
            ground.host.run(lambda name=name: bridge.ensure(ground.host.channel, wanted(name)))
        assert not bridge.retire(ground.host.channel, name, OWNER)
    assert links(ground.host)["theirs"] == before


def test_a_bridge_of_another_daemon_is_refused(ground: Ground) -> None:
    shell(ground.host, "ip link add theirs type bridge; ip link set theirs alias 'boxship other'")
    before = links(ground.host)["theirs"]
    with pytest.raises(OSError, match="another daemon"):
        ground.host.run(lambda: bridge.ensure(ground.host.channel, wanted("theirs")))
    assert not bridge.retire(ground.host.channel, "theirs", OWNER)
    assert links(ground.host)["theirs"] == before
    assert rtnetlink.addresses(ground.host.channel, before.index) == []


def test_a_parent_that_is_a_bridge_of_ours_stays(ground: Ground) -> None:
    channel = ground.host.channel
    ground.host.run(lambda: bridge.ensure(channel, wanted("ours")))
    assert not parent.ensure(channel, Parent("ours", False, OWNER))
    parent.remove(channel, "ours", OWNER)
    assert "ours" in links(ground.host)


def _end(name: str, above: str, number: int, upper: Upper | None = None) -> Endpoint:
    own = (ipaddress.IPv4Interface(f"10.99.1.{number}/24"),)
    return Endpoint(f"v{number}", name, f"02:42:0a:63:01:{number:02x}", own, above, upper=upper)


@pytest.mark.parametrize("upper", [None, Upper("macvlan", "bridge")])
def test_a_name_that_is_taken_inside_stays_with_who_has_it(
    ground: Ground, upper: Upper | None
) -> None:
    async def scenario(fabric: Fabric) -> None:
        shell(ground.host, "ip link add below type veth; ip link set below up")
        made = await wired(fabric, Wiring([_end("eth0", "br1", 2)]))
        ground.opened.append(made)
        before = links(made)["eth0"]
        with pytest.raises(FileExistsError):
            endpoint.add(
                ground.host.channel, made, _end("eth0", "below" if upper else "br2", 3, upper)
            )
        assert links(made)["eth0"] == before
        assert "v3" not in links(ground.host)

    ground.run(scenario)


def test_endpoints_leave_nothing_wherever_their_maker_dies(ground: Ground) -> None:
    """Its descriptors of the namespace go with it, and the pair with those."""

    async def scenario(fabric: Fabric) -> None:
        before = set(links(ground.host))
        for count in range(20):
            made = await wired(fabric, Wiring([]))
            channel: Netlink = ground.host.run(lambda count=count: Dying(count))
            inside = Namespace(made.fd, made.run(lambda count=count: Dying(count)))
            try:
                endpoint.add(channel, inside, _end("eth0", "br1", 2))
                return
            except Dead:
                pass
            finally:
                inside.channel.close()
                channel.close()
                made.close()
            gone = rtnetlink.delete_link("v2")
            ground.host.channel.require([gone], ignore=(errno.ENODEV,))
            assert set(links(ground.host)) == before
        raise AssertionError

    ground.run(scenario)


def test_an_interface_with_a_zone_of_its_users_stays_there(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """firewall-cmd refuses to add one that another zone has; so it is not asked to change it."""
    log = tmp_path / "calls"
    program = tmp_path / "firewall-cmd"
    program.write_text(f'#!/bin/sh\necho "$*" >> {log}\ncase $2 in --query*) exit 1;; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    firewalld = (
        "nft add table inet firewalld; nft 'add chain inet firewalld filter_FORWARD"
        " { type filter hook forward priority 10; policy drop; }'"
    )
    shell(ground.host, firewalld)

    async def scenario(fabric: Fabric) -> None:
        assert fabric.surroundings.points

    ground.run(scenario)
    assert "--add-interface=br1" in log.read_text()
    assert "--change" not in log.read_text()


EDITS = """
for n in $(seq 1 12); do
    iptables -w 5 -I DOCKER-USER 1 -s 203.0.113.$n -m comment --comment "it's \\"$n\\" ; {}" -j DROP
    iptables -w 5 -D DOCKER-USER -s 198.51.100.$n -j ACCEPT
done
"""


def chain(host: Namespace) -> list[str]:
    listing = ["iptables", "-w", "5", "-S", "DOCKER-USER"]
    done = host.run(lambda: subprocess.run(listing, capture_output=True, text=True, check=True))
    return done.stdout.splitlines()


def test_rules_of_others_keep_their_order_while_ours_come_and_go(
    ground: Ground, tmp_path: Path
) -> None:
    many = "".join(f"-A DOCKER-USER -s 198.51.100.{n} -j ACCEPT\n" for n in range(1, 250))
    head = "*filter\n:FORWARD DROP\n:DOCKER-USER -\n-A FORWARD -j DOCKER-USER\n"
    rules = f"{head}{many}-A DOCKER-USER -j RETURN\nCOMMIT\n".encode()
    ground.host.run(lambda: subprocess.run(["iptables-restore"], input=rules, check=True))

    async def scenario(fabric: Fabric) -> None:
        for name in ("br1", "br2", "br3"):
            await fabric.remove_network(name, "nobody")
        zone = Zone("br9", ipaddress.IPv4Network("10.99.9.0/24"))
        editor = ground.host.run(lambda: subprocess.Popen(["sh", "-ec", EDITS]))
        try:
            while editor.poll() is None:
                await fabric.add_network(wanted("br9"), zone)
                assert any("boxship" in row for row in chain(ground.host))
                await fabric.remove_network("br9", "nobody")
                assert not any("boxship" in row for row in chain(ground.host))
        finally:
            assert editor.wait() == 0

    ground.run(scenario, record=tmp_path / "record")
    found = chain(ground.host)[1:]
    new = [f"203.0.113.{n}/32" for n in range(12, 0, -1)]
    kept = [f"198.51.100.{n}/32" for n in range(13, 250)]
    assert [row.split()[3] for row in found[:-1]] == new + kept
    assert found[-1] == "-A DOCKER-USER -j RETURN"
