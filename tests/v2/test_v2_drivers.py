"""macvlan and ipvlan above VLANs and other interfaces, which many kernels have no module for."""

import contextlib
import itertools
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from boxship.network import bridge, namespace, parent
from boxship.network.namespace import Namespace
from boxship.network.parent import Parent
from support.dying import Dead, Dying
from support.engines import Engine
from support.network_ground import shell


@dataclass
class Trunk:
    """The daemon's host, and one at the other end of a cable that carries VLANs: 10.77.0.1 is
    there in the VLAN 10, without a tag it is nowhere."""

    engine: Engine
    host: Namespace
    far: Namespace


@pytest.fixture
def trunk(clean_boxship: Engine) -> Iterator[Trunk]:
    host, far = namespace.of_process(clean_boxship.pid), namespace.make()
    holder = far.run(lambda: subprocess.Popen(["sleep", "1000"]))
    try:
        shell(host, f"ip link add trunk type veth peer name trunk netns {holder.pid}")
        shell(host, "ip addr add 10.79.0.2/24 dev trunk; ip link set trunk up")
        vlan = "ip link add link trunk name v10 type vlan id 10; ip addr add 10.77.0.1/24 dev v10"
        shell(far, f"{vlan}; ip link set trunk up; ip link set v10 up")
        shell(far, "ip addr add 10.79.0.1/24 dev trunk; ip route add 10.78.0.0/16 via 10.79.0.2")
        yield Trunk(clean_boxship, host, far)
    finally:
        clean_boxship.remove_containers()
        clean_boxship.docker("network", "prune", "-f")
        holder.kill()
        holder.wait()
        with contextlib.suppress(subprocess.CalledProcessError):
            shell(host, "ip link del trunk")
        host.close()
        far.close()


def links(inside: Namespace) -> dict[str, dict[str, object]]:
    command = ["ip", "-j", "-d", "link"]
    shown = inside.run(lambda: subprocess.run(command, capture_output=True, check=True)).stdout
    return {row["ifname"]: row for row in json.loads(shown)}


def create(engine: Engine, name: str, driver: str, subnet: str, *options: str) -> None:
    given = [word for option in options for word in ("-o", option)]
    engine.docker("network", "create", "-d", driver, "--subnet", subnet, *given, name)


def pings(engine: Engine, network: str, address: str, *options: str) -> bool:
    ping = ("busybox", "ping", "-c1", "-W2", address)
    return (
        engine.docker("run", "--rm", "--network", network, *options, *ping, check=False).returncode
        == 0
    )


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan"])
def test_a_vlan_is_made_and_carries_frames(trunk: Trunk, driver: str) -> None:
    create(trunk.engine, "tagged", driver, "10.77.0.0/24", "parent=trunk.10")
    made = links(trunk.host)["trunk.10"]
    assert made["linkinfo"]["info_data"]["id"] == 10  # type: ignore[index]
    assert pings(trunk.engine, "tagged", "10.77.0.1", "--ip", "10.77.0.5")
    # Another tag is another network.
    create(trunk.engine, "other", driver, "10.77.1.0/24", "parent=trunk.20")
    shell(trunk.far, "ip addr add 10.77.1.1/24 dev v10")
    assert not pings(trunk.engine, "other", "10.77.1.1", "--ip", "10.77.1.5")
    trunk.engine.docker("network", "rm", "tagged", "other")
    assert {"trunk.10", "trunk.20"}.isdisjoint(links(trunk.host))


def test_a_vlan_of_the_users_own_stays(trunk: Trunk) -> None:
    shell(trunk.host, "ip link add link trunk name trunk.10 type vlan id 10")
    create(trunk.engine, "tagged", "macvlan", "10.77.0.0/24", "parent=trunk.10")
    shell(trunk.host, "ip link set trunk.10 up")
    assert pings(trunk.engine, "tagged", "10.77.0.1", "--ip", "10.77.0.5")
    trunk.engine.docker("network", "rm", "tagged")
    assert "trunk.10" in links(trunk.host)


def test_ipvlan_of_the_second_layer(trunk: Trunk) -> None:
    create(trunk.engine, "two", "ipvlan", "10.79.0.0/24", "parent=trunk", "ipvlan_mode=l2")
    box = ("run", "-d", "--name", "box", "--network", "two", "--ip", "10.79.0.7")
    trunk.engine.docker(*box, "busybox", "sleep", "1000")
    assert pings(trunk.engine, "two", "10.79.0.1", "--ip", "10.79.0.8")
    assert pings(trunk.engine, "two", "10.79.0.7", "--ip", "10.79.0.8")
    shell(trunk.far, "busybox ping -c1 -W2 10.79.0.7")
    shown = trunk.engine.docker("exec", "box", "cat", "/sys/class/net/eth0/address").stdout
    assert shown.strip() == links(trunk.host)["trunk"]["address"]


@pytest.mark.parametrize("mode", ["l3", "l3s"])
def test_ipvlan_of_the_third_layer(trunk: Trunk, mode: str) -> None:
    """Subnets of one network reach each other, and others who have a route; nobody asks by ARP."""
    second = ("--subnet", "10.78.1.0/24")
    words = ("network", "create", "-d", "ipvlan", "--subnet", "10.78.0.0/24", *second)
    trunk.engine.docker(*words, "-o", "parent=trunk", "-o", f"ipvlan_mode={mode}", "three")
    box = ("run", "-d", "--name", "box", "--network", "three", "--ip", "10.78.0.7")
    trunk.engine.docker(*box, "busybox", "sleep", "1000")
    assert pings(trunk.engine, "three", "10.78.0.7", "--ip", "10.78.1.8")
    assert pings(trunk.engine, "three", "10.79.0.1", "--ip", "10.78.1.8")
    shell(trunk.far, "busybox ping -c1 -W2 10.78.0.7")
    flags = trunk.engine.docker("exec", "box", "ip", "link", "show", "eth0").stdout
    assert "NOARP" in flags


def test_a_parent_half_made_is_swept(trunk: Trunk) -> None:
    """Wherever its maker died, the next daemon knows it as its own."""
    owner = "boxship test"
    for wanted in (Parent("dm-half", True, owner), Parent("trunk.30", False, owner)):
        for count in itertools.count():
            channel = trunk.host.run(lambda count=count: Dying(count))
            with contextlib.closing(channel), contextlib.suppress(Dead):
                parent.ensure(channel, wanted)
                break
            bridge.sweep(trunk.host.channel, owner, ())
            assert wanted.name not in links(trunk.host), count
        assert count >= 3
        assert links(trunk.host)[wanted.name]["ifalias"] == owner
        parent.remove(trunk.host.channel, wanted.name, owner)
        assert wanted.name not in links(trunk.host)


def test_a_vlan_stays_as_long_as_a_network_lies_above_it(trunk: Trunk) -> None:
    """Even if that is no more than refused to be one."""
    create(trunk.engine, "tagged", "macvlan", "10.77.0.0/24", "parent=trunk.10")
    bridge_name = ("-o", "com.docker.network.bridge.name=trunk.10", "odd")
    refused = trunk.engine.docker("network", "create", *bridge_name, check=False)
    assert "is not a bridge" in refused.stderr
    assert pings(trunk.engine, "tagged", "10.77.0.1", "--ip", "10.77.0.5")
    create(trunk.engine, "second", "ipvlan", "10.77.2.0/24", "parent=trunk.10")
    trunk.engine.docker("network", "rm", "second")
    assert pings(trunk.engine, "tagged", "10.77.0.1", "--ip", "10.77.0.5")
    trunk.engine.docker("network", "rm", "tagged")
    assert "trunk.10" not in links(trunk.host)
