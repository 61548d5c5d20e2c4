"""The daemon's settings for networks: what they mean, and what dockerd refuses of them."""

import json
from pathlib import Path

import pytest

from boxship.base.errors import InvalidParameter
from boxship.daemon import config
from boxship.daemon.networks import network_settings
from boxship.engine.networks.settings import NetworkSettings
from boxship.network import ipam
from boxship.network.ruleset import Publishing


def _settings(*flags: str) -> NetworkSettings:
    return network_settings(config.load([*flags]))


def _rows(*flags: str) -> list[tuple[str, str, str, dict[str, str]]]:
    rows = _settings(*flags).subnets()
    return [(row.subnet, row.ip_range, row.gateway, row.auxiliary) for row in rows]


def test_nothing_is_chosen_by_default() -> None:
    settings = _settings()
    assert settings.subnets() == [] and settings.options() == {}
    assert settings.pools == ipam.DEFAULTS and settings.default_bridge


def test_the_default_bridges_subnet() -> None:
    bip = ("--bip", "10.5.0.1/24")
    assert _rows(*bip) == [("10.5.0.0/24", "", "10.5.0.1", {})]
    part = ("10.5.0.0/24", "10.5.0.128/25", "10.5.0.1", {})
    assert _rows(*bip, "--fixed-cidr", "10.5.0.128/25") == [part]
    alone = ("10.6.0.128/25", "10.6.0.128/25", "10.6.0.129", {})
    assert _rows("--fixed-cidr", "10.6.0.128/25") == [alone]
    led = ("10.5.0.0/24", "", "10.5.0.1", {"DefaultGatewayIPv4": "10.5.0.9"})
    assert _rows(*bip, "--default-gateway", "10.5.0.9") == [led]
    assert _rows(*bip, "--default-gateway", "10.5.0.1") == [("10.5.0.0/24", "", "10.5.0.1", {})]


def test_ipv6_of_the_default_bridge() -> None:
    assert _rows("--fixed-cidr-v6", "fd77::/64") == []
    six = ("fd77::/64", "fd77::/64", "fd77::1", {"DefaultGatewayIPv6": "fd77::9"})
    flags = ("--ipv6", "--fixed-cidr-v6", "fd77::/64", "--default-gateway-v6", "fd77::9")
    assert _rows(*flags) == [six]
    assert _rows("--ipv6", "--bip6", "fd77::5/64") == [("fd77::/64", "", "fd77::5", {})]


def test_options_of_the_default_bridge() -> None:
    found = _settings("--icc=false", "--mtu", "1400", "-b", "br0").options()
    assert found == {
        "com.docker.network.bridge.name": "br0",
        "com.docker.network.bridge.enable_icc": "false",
        "com.docker.network.driver.mtu": "1400",
    }
    assert not _settings("--bridge", "none").default_bridge


def test_pools_and_options_from_flags_and_file(tmp_path: Path) -> None:
    flags = ("--default-address-pool", "base=10.30.0.0/16,size=24")
    opts = ("--default-network-opt", "bridge=a=b", "--default-network-opt", "bridge=c=d=e")
    settings = _settings(*flags, *opts)
    assert [(str(base), size) for base, size in settings.pools] == [("10.30.0.0/16", 24)]
    assert settings.driver_options == {"bridge": {"a": "b", "c": "d=e"}}
    path = tmp_path / "daemon.json"
    pools = [{"base": "10.30.0.0/16", "size": 24}]
    text = {"default-address-pools": pools, "icc": False, "default-network-opts": {"bridge": {}}}
    path.write_text(json.dumps(text))
    from_file = _settings("--config-file", str(path))
    assert from_file.pools == settings.pools and not from_file.icc
    with pytest.raises(InvalidParameter, match="both as a flag and in the configuration file"):
        _settings("--config-file", str(path), "--icc=true")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--bip", "x"), "invalid CIDR address: x"),
        (("--bip", "10.5.0.0/24"), "failed to allocate gateway (10.5.0.0): Address already in use"),
        (("--bip", "10.5.0.1/24", "-b", "br0"), "You specified -b & --bip, mutually exclusive"),
        (("--bip", "10.5.0.1/24", "--fixed-cidr", "10.9.0.0/25"), "fixed-cidr 10.9.0.0/25 is no"),
        (
            ("--bip", "10.5.0.1/24", "--default-gateway", "10.7.0.9"),
            "auxiliary address: (DefaultGatewayIPv4:10.7.0.9) must belong to the master pool: "
            "10.5.0.0/24",
        ),
        (("--default-gateway", "x"), 'invalid argument "x" for "--default-gateway" flag: failed'),
        (("--default-address-pool", "base=x,size=8"), 'invalid base pool "x": invalid CIDR'),
        (("--default-address-pool", "base=10.0.0.0/16,size=8"), "invalid pools size: 8"),
        (("--default-address-pool", "base=10.0.0.0/16,size=x"), "invalid pools size: x"),
        (("--default-address-pool", "base=10.0.0.0/16,foo=8"), "unexpected key 'foo'"),
        (("--default-network-opt", "x"), 'invalid argument "x" for "--default-network-opt" flag'),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_refused(flags: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        _settings(*flags)
    assert message in str(caught.value)


def test_publishing_from_flags_and_file(tmp_path: Path) -> None:
    assert _settings().publishing == Publishing()
    flags = ("--iptables=false", "--ip6tables=0", "--ip-forward=F", "--userland-proxy=false")
    chosen = _settings(*flags, "--published-ports", "behind-firewall").publishing
    assert chosen == Publishing(False, False, False, False, guarded=True)
    assert _settings("--ip", "127.0.0.1", "--ip-masq=false").options() == {
        "com.docker.network.bridge.host_binding_ipv4": "127.0.0.1",
        "com.docker.network.bridge.enable_ip_masquerade": "false",
    }
    path = tmp_path / "daemon.json"
    path.write_text(json.dumps({"iptables": False, "ip": "10.0.0.1", "userland-proxy-path": "/x"}))
    from_file = _settings("--config-file", str(path))
    assert not from_file.publishing.rules and from_file.host == "10.0.0.1"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"ip": "here"}, 'invalid ip "here"'),
        ({"iptables": "no"}, "invalid iptables: expected true or false"),
        ({"published-ports": "shut"}, "expected one of open, behind-firewall"),
    ],
)
def test_what_publishing_cannot_be(
    setting: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "daemon.json"
    path.write_text(json.dumps(setting))
    with pytest.raises(InvalidParameter, match=message):
        _settings("--config-file", str(path))
