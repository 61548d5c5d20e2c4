"""The daemon's settings for names: what they mean, and what is refused of them."""

import json
from pathlib import Path

import pytest

from boxship.base.errors import InvalidParameter
from boxship.daemon import config
from boxship.daemon.names import host_gateway, wishes
from boxship.network.dns.resolv_conf import Wishes


def test_flags() -> None:
    flags = ["--dns", "1.1.1.1", "--dns", "fd00::1", "--dns-search", "a.b", "--dns-opt", "ndots:2"]
    assert wishes(config.load(flags)) == Wishes(["1.1.1.1", "fd00::1"], ["a.b"], ["ndots:2"])
    assert host_gateway(config.load(["--host-gateway-ip", "192.0.2.1"])) == "192.0.2.1"


def test_nothing_by_default() -> None:
    assert wishes(config.load([])) == Wishes([], [], []) and host_gateway(config.load([])) == ""


def test_a_file(tmp_path: Path) -> None:
    told = {"dns": ["9.9.9.9"], "dns-search": ["a"], "dns-opts": ["rotate"]}
    path = tmp_path / "daemon.json"
    path.write_text(json.dumps(told | {"host-gateway-ip": "192.0.2.2"}))
    settings = config.load(["--config-file", str(path)])
    assert wishes(settings) == Wishes(["9.9.9.9"], ["a"], ["rotate"])
    assert host_gateway(settings) == "192.0.2.2"


@pytest.mark.parametrize("value", ["9.9.9.9", ["nine"], [9], {"a": "b"}])
def test_what_is_no_list_of_addresses(value: object) -> None:
    settings = config.load([])
    settings.dns = value  # type: ignore[assignment]
    with pytest.raises(InvalidParameter):
        wishes(settings)
