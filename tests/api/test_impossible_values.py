"""Values that nothing could be made of are the client's mistake, not an error of ours."""

from typing import Any

import pytest

from support.api import Api

_HUGE = "9" * 400


@pytest.mark.parametrize("mtu", ["1", "67", "65536", str(2**31), str(2**63), _HUGE])
def test_no_network_has_such_a_mtu(api: Api, mtu: str) -> None:
    _refused(api, "/networks/create", Name="n", Options={"com.docker.network.driver.mtu": mtu})


@pytest.mark.parametrize("name", ["a" * 16, "a/b", "a b", "..", "a\0b", "ä" * 8, "a:b"])
def test_no_bridge_has_such_a_name(api: Api, name: str) -> None:
    _refused(api, "/networks/create", Name="n", Options={"com.docker.network.bridge.name": name})


def test_no_volume_has_such_a_name(api: Api) -> None:
    _refused(api, "/volumes/create", Name="a" * 256)
    mounts = [{"Type": "volume", "Source": "a" * 5000, "Target": "/m"}]
    for config in ({"Mounts": mounts}, {"Binds": [f"{'a' * 256}:/m"]}):
        _refused(api, "/containers/create", Image="busybox", HostConfig=config)


def _refused(api: Api, path: str, **body: Any) -> None:
    answer = api("POST", path, body)
    assert answer.status == 400, answer
    assert "internal error" not in answer.json["message"]


@pytest.mark.parametrize("url", ["http://[", "http://a:port/", "http://a b/", "http://a\n/"])
def test_addresses_that_are_none(api: Api, url: str) -> None:
    for path, options in (("/build", {"remote": url}), ("/images/create", {"fromSrc": url})):
        answer = api("POST", path, **options)
        assert answer.status in (200, 400), answer
        assert answer.status == 400 or b'"error"' in answer.body
        assert b"internal error" not in answer.body
