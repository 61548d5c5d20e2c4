"""What one can ask of networks and endpoints beyond Docker 26, and many asking at once."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support import engines
from support.api import Answer, Api

V = "/v1.51"


@pytest.fixture
def make(api: Api) -> Iterator[Any]:
    """A function that makes a network; all are removed afterwards."""

    def work(name: str, *subnets: str, **body: Any) -> Answer:
        config = [{"Subnet": each} for each in subnets]
        return api(
            "POST", f"{V}/networks/create", {"Name": name, "IPAM": {"Config": config}} | body
        )

    yield work
    api.clean()
    api("POST", "/networks/prune")


def _run(api: Api, name: str, **endpoints: dict[str, Any]) -> Answer:
    first = next(iter(endpoints))
    body = {"Image": "busybox", "Cmd": ["sleep", "1000"], "HostConfig": {"NetworkMode": first}}
    body["NetworkingConfig"] = {"EndpointsConfig": endpoints}
    made = api("POST", f"{V}/containers/create", body, name=name)
    return api("POST", f"/containers/{name}/start") if made.status == 201 else made


def _exec(api: Api, name: str, script: str) -> str:
    config = {"Cmd": ["sh", "-c", script], "AttachStdout": True, "Tty": True}
    made = api("POST", f"/containers/{name}/exec", config)
    answer = api("POST", f"/exec/{made.json['Id']}/start", {"Tty": True})
    return answer.body.decode().replace("\r", "").strip()


def _subnets(api: Api, name: str) -> list[str]:
    return [row["Subnet"] for row in api("GET", f"/networks/{name}").json["IPAM"]["Config"]]


def test_many_creations_at_once_share_nothing(api: Api, make: Any) -> None:
    names = [f"n{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status for answer in pool.map(make, names)} == {201}
    assert len({subnet for name in names for subnet in _subnets(api, name)}) == 8


def test_one_of_many_gets_the_subnet_or_the_name(api: Api, make: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        same = list(pool.map(lambda n: make(f"n{n}", "10.66.0.0/24").status, range(8)))
        named = list(pool.map(lambda n: make("twin").status, range(8)))
    assert sorted(same) == [201, *[403] * 7]
    assert sorted(named) == [201, *[409] * 7]


def test_starts_at_once_get_addresses_of_their_own(api: Api, make: Any) -> None:
    make("small", "10.66.1.0/28")
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: _run(api, f"c{n}", small={}).status, range(15)))
    assert sorted(done) == [*[204] * 13, 500, 500]
    rows = api("GET", "/networks/small").json["Containers"].values()
    assert len({row["IPv4Address"] for row in rows}) == len(rows) == 13


def test_default_subnets_keep_clear_of_the_hosts_routes(
    api: Api, make: Any, boxship_daemon: engines.Engine
) -> None:
    def ip(*words: str) -> None:
        command = ["nsenter", f"--net=/proc/{boxship_daemon.pid}/ns/net", "ip", *words]
        subprocess.run(command, check=True, timeout=10)

    make("first")
    (taken,) = _subnets(api, "first")
    api("DELETE", "/networks/first")
    ip("link", "add", "clash0", "type", "veth", "peer", "name", "clash1")
    try:
        ip("link", "set", "clash0", "up")
        ip("addr", "add", taken.replace("0/16", "9/24"), "dev", "clash0")
        make("second")
        assert _subnets(api, "second") != [taken]
        api("DELETE", "/networks/second")
    finally:
        ip("link", "del", "clash0")
    make("third")
    assert _subnets(api, "third") == [taken]


def test_the_gateway_of_the_highest_priority(api: Api, make: Any) -> None:
    for number, name in enumerate(("aa", "bb", "cc")):
        make(name, f"10.67.{number}.0/24")
    assert _run(api, "box", aa={}, bb={"GwPriority": 5}).status == 204
    assert "default via 10.67.1.1" in _exec(api, "box", "ip route")
    wish = {"Container": "box", "EndpointConfig": {"GwPriority": 9}}
    assert api("POST", f"{V}/networks/cc/connect", wish).status == 200
    assert "default via 10.67.2.1" in _exec(api, "box", "ip route")
    shown = api("GET", f"{V}/containers/box/json").json["NetworkSettings"]["Networks"]
    assert {name: row["GwPriority"] for name, row in shown.items()} == {"aa": 0, "bb": 5, "cc": 9}
    api("POST", "/networks/cc/disconnect", {"Container": "box"})
    assert "default via 10.67.1.1" in _exec(api, "box", "ip route")
    api("POST", "/networks/bb/disconnect", {"Container": "box"})
    assert "default via 10.67.0.1" in _exec(api, "box", "ip route")


def test_options_of_an_endpoint(api: Api, make: Any) -> None:
    make("net", "10.67.0.0/24")
    prefix = "com.docker.network.endpoint."
    sysctls = "net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.neigh.IFNAME.gc_stale_time=77"
    options = {f"{prefix}ifname": "uplink", f"{prefix}sysctls": sysctls}
    assert _run(api, "box", net={"DriverOpts": options}).status == 204
    shown = "ls /sys/class/net; cat /proc/sys/net/ipv4/conf/uplink/log_martians"
    assert _exec(api, "box", shown).split() == ["lo", "uplink", "1"]
    assert _exec(api, "box", "cat /proc/sys/net/ipv4/neigh/uplink/gc_stale_time") == "77"
    for wrong in ({f"{prefix}sysctls": "net.ipv4.ip_forward=0"}, {f"{prefix}ifname": "lo"}):
        body = {"Container": "box", "EndpointConfig": {"DriverOpts": wrong}}
        assert api("POST", f"{V}/networks/bridge/connect", body).status == 400


def test_parameters_of_a_container_may_be_those_of_its_interfaces(api: Api, make: Any) -> None:
    make("net", "10.67.0.0/24")
    key = "net.ipv4.conf.eth0.log_martians"
    host = {"NetworkMode": "net", "Sysctls": {key: "1"}}
    body = {"Image": "busybox", "Cmd": ["sleep", "1000"], "HostConfig": host}
    assert api("POST", f"{V}/containers/create", body, name="box").status == 201
    assert api("POST", "/containers/box/start").status == 204
    assert _exec(api, "box", "cat /proc/sys/" + key.replace(".", "/")) == "1"


def test_a_network_of_ipv6_alone(api: Api, make: Any) -> None:
    assert make("six", "fd67::/64", EnableIPv4=False, EnableIPv6=True).status == 201
    shown = api("GET", f"{V}/networks/six").json
    assert (shown["EnableIPv4"], shown["EnableIPv6"]) == (False, True)
    assert _subnets(api, "six") == ["fd67::/64"]
    assert _run(api, "box", six={}).status == 204
    endpoint = api.inspect("box")["NetworkSettings"]["Networks"]["six"]
    assert (endpoint["IPAddress"], endpoint["GlobalIPv6Address"]) == ("", "fd67::2")
    assert endpoint["IPv6Gateway"] == "fd67::1"
    assert "inet " not in _exec(api, "box", "ip addr show eth0")
    assert "default via fd67::1" in _exec(api, "box", "ip -6 route")
    assert "bytes from" in _exec(api, "box", "ping -c1 -W5 fd67::1")
    assert make("neither", EnableIPv4=False).message == "IPv4 or IPv6 must be enabled"


def test_ipv6_subnets_are_local_ones_of_the_daemon(api: Api, make: Any) -> None:
    assert make("one", EnableIPv6=True).status == make("two", EnableIPv6=True).status == 201
    found = [s for name in ("one", "two") for s in _subnets(api, name) if ":" in s]
    assert len(set(found)) == 2
    assert all(subnet.startswith("fd") and subnet.endswith("/64") for subnet in found)


def test_a_gateway_mode_without_the_host(api: Api, make: Any) -> None:
    option = "com.docker.network.bridge.gateway_mode_ipv4"
    wrong = make("net", "10.67.0.0/24", Options={option: "x"})
    assert (wrong.status, wrong.message) == (400, f"unknown gateway mode x, in option {option}")
    out = make("net", "10.67.0.0/24", Options={option: "isolated"})
    assert out.message == "gateway mode 'isolated' can only be used for an internal network"
    made = make("net", "10.67.0.0/24", Internal=True, Options={option: "isolated"})
    assert made.status == 201
    assert _run(api, "box", net={}).status == 204
    assert "100% packet loss" in _exec(api, "box", "ping -c1 -W1 10.67.0.1")


def test_a_lasting_mac_address(api: Api, make: Any) -> None:
    make("net", "10.67.0.0/24")
    assert _run(api, "box", bridge={}).status == 204
    wish = {"Container": "box", "EndpointConfig": {"MacAddress": "02:00:00:00:00:42"}}
    assert api("POST", f"{V}/networks/net/connect", wish).status == 200
    for _ in range(2):
        assert _exec(api, "box", "cat /sys/class/net/eth1/address") == "02:00:00:00:00:42"
        assert api("POST", "/containers/box/restart", t=0).status == 204


def test_a_failed_connection_leaves_nothing(api: Api, make: Any) -> None:
    make("net", "10.67.0.0/24")
    prefix = "com.docker.network.endpoint."
    assert _run(api, "box", bridge={}).status == 204
    options = {f"{prefix}sysctls": "net.ipv4.conf.IFNAME.nosuch=1"}
    body = {"Container": "box", "EndpointConfig": {"DriverOpts": options}}
    assert api("POST", f"{V}/networks/net/connect", body).status == 500
    assert list(api.inspect("box")["NetworkSettings"]["Networks"]) == ["bridge"]
    assert _exec(api, "box", "ls /sys/class/net").split() == ["eth0", "lo"]
    assert "default" in _exec(api, "box", "ip route")
    wish = {"Container": "box", "EndpointConfig": {"IPAMConfig": {"IPv4Address": "10.67.0.2"}}}
    assert api("POST", f"{V}/networks/net/connect", wish).status == 200
