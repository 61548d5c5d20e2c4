"""What the daemon's own settings make of networks, seen from containers."""

import contextlib
import json
import subprocess
from collections.abc import Iterator

import pytest

from boxship.network import namespace
from boxship.network.namespace import Namespace
from support import engines
from support.engines import Engine
from support.requirements import require_root, require_tool

FLAGS = [
    *("--bip", "10.5.0.1/24", "--fixed-cidr", "10.5.0.128/25", "--default-gateway", "10.5.0.9"),
    *("--ipv6", "--fixed-cidr-v6", "fd77::/64", "--mtu", "1400", "--icc=false"),
    *("--default-address-pool", "base=10.30.0.0/16,size=24"),
    *("--default-network-opt", "bridge=com.docker.network.driver.mtu=1300"),
]


@pytest.fixture(scope="module")
def host() -> Iterator[Namespace]:
    require_root()
    with contextlib.closing(namespace.make()) as made:
        yield made


@pytest.fixture(scope="module")
def engine(host: Namespace) -> Iterator[Engine]:
    require_tool("docker", "ip", "busybox")
    with engines.running("boxship", *FLAGS, inside=host) as engine:
        yield engine


def _ip(host: Namespace, *words: str) -> str:
    done = host.run(
        lambda: subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
    )
    return done.stdout


def test_the_default_bridge_is_as_configured(engine: Engine, host: Namespace) -> None:
    shown = json.loads(engine.docker("network", "inspect", "bridge").stdout)[0]
    v4, v6 = shown["IPAM"]["Config"]
    assert (v4["Subnet"], v4["IPRange"], v4["Gateway"]) == (
        "10.5.0.0/24",
        "10.5.0.128/25",
        "10.5.0.1",
    )
    assert v4["AuxiliaryAddresses"] == {"DefaultGatewayIPv4": "10.5.0.9"}
    assert (v6["Subnet"], shown["EnableIPv6"]) == ("fd77::/64", True)
    script = "ip route; ip -6 route; ip -o addr show eth0; cat /sys/class/net/eth0/mtu"
    inside = engine.docker("run", "--rm", "busybox", "sh", "-c", script).stdout
    for each in (
        "default via 10.5.0.9",
        "default via fd77::1",
        "10.5.0.128/24",
        "fd77::2/64",
        "1400\n",
    ):
        assert each in inside
    own = _ip(host, "-o", "addr", "show", "boxship0")
    assert "10.5.0.1/24" in own and "fd77::1/64" in own


def test_its_containers_do_not_reach_each_other(engine: Engine) -> None:
    engine.docker("run", "-d", "--name", "one", "busybox", "top")
    engine.docker("run", "-d", "--name", "two", "busybox", "top")
    for key in ("IPAddress", "GlobalIPv6Address"):
        address = engine.docker("inspect", "-f", f"{{{{.NetworkSettings.{key}}}}}", "two").stdout
        ping = engine.docker("exec", "one", "ping", "-c1", "-W1", address.strip(), check=False)
        assert "100% packet loss" in ping.stdout
    assert "bytes from" in engine.docker("exec", "one", "ping", "-c1", "-W5", "10.5.0.1").stdout
    engine.remove_containers()


def test_pools_and_options_are_for_new_networks(engine: Engine) -> None:
    engine.docker("network", "create", "plain")
    option = "com.docker.network.driver.mtu"
    engine.docker("network", "create", "-o", f"{option}=1200", "other")
    rows = json.loads(engine.docker("network", "inspect", "plain", "other").stdout)
    assert [row["IPAM"]["Config"][0]["Subnet"] for row in rows] == ["10.30.0.0/24", "10.30.1.0/24"]
    assert [row["Options"][option] for row in rows] == ["1300", "1200"]
    engine.docker("network", "prune", "-f")


def test_an_interface_of_the_users_own() -> None:
    """It keeps what it has besides, and stays when the daemon's networks go."""
    with contextlib.closing(namespace.make()) as host:
        _ip(host, "link", "add", "br0", "type", "bridge")
        for address in ("10.9.0.1/24", "192.0.2.9/32"):
            _ip(host, "addr", "add", address, "dev", "br0")
        before = _ip(host, "-o", "-4", "addr", "show", "br0")
        with engines.running(
            "boxship", "-b", "br0", "--fixed-cidr", "10.9.0.64/26", inside=host
        ) as engine:
            inside = engine.docker("run", "--rm", "busybox", "ip", "-o", "-4", "addr").stdout
            assert "10.9.0.64/24" in inside
            assert _ip(host, "-o", "-4", "addr", "show", "br0") == before
        assert _ip(host, "-o", "-4", "addr", "show", "br0") == before


def test_no_default_bridge() -> None:
    with (
        contextlib.closing(namespace.make()) as other,
        engines.running("boxship", "-b", "none", inside=other) as engine,
    ):
        listed = engine.docker("network", "ls", "--format", "{{.Name}}").stdout.split()
        assert sorted(listed) == ["host", "none"]
        inside = engine.docker("run", "--rm", "busybox", "ls", "/sys/class/net").stdout
        assert inside == "lo\n"
        gone = engine.docker("network", "inspect", "bridge", check=False)
        assert "network bridge not found" in gone.stderr


def test_a_bridge_that_is_not_there_is_refused() -> None:
    with contextlib.closing(namespace.make()) as host:
        with (
            pytest.raises(AssertionError) as caught,
            engines.running("boxship", "-b", "nosuch0", inside=host),
        ):
            pass
        message = "bridge device with non default name nosuch0 must be created manually"
        assert message in str(caught.value)
