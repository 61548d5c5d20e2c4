"""Bridge networks: containers on them, published ports, connecting and disconnecting."""

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from support import engines
from support.api import Api

SERVER = ["sh", "-c", "mkdir /w; hostname > /w/index.html; exec httpd -f -p 80 -h /w"]


@pytest.fixture
def net(api: Api) -> Iterator[str]:
    """The id of a network ``net`` with the subnet 10.7.0.0/24."""
    config = {"Subnet": "10.7.0.0/24", "Gateway": "10.7.0.254"}
    body = {"Name": "net", "IPAM": {"Config": [config]}, "Labels": {"a": "b"}}
    answer = api("POST", "/networks/create", body)
    assert answer.status == 201, answer
    yield answer.json["Id"]
    api.clean()
    api("POST", "/networks/prune")


def _settings(api: Api, name: str) -> Any:
    return api.inspect(name)["NetworkSettings"]


def _output(api: Api, network: str, *command: str, **host: object) -> str:
    """What a container on *network* prints."""
    identity = api.run(host={"NetworkMode": network, **host}, Cmd=list(command), Tty=True)
    api.wait(identity)
    return api("GET", f"/containers/{identity}/logs", stdout=1).body.decode()


def _exec(api: Api, name: str, *command: str) -> str:
    made = api(
        "POST", f"/containers/{name}/exec", {"Cmd": [*command], "AttachStdout": True, "Tty": True}
    )
    started = api("POST", f"/exec/{made.json['Id']}/start", {"Tty": True})
    return started.body.decode()


def _fetch(daemon: engines.Engine, url: str) -> str:
    """What the daemon's host gets from *url* once; empty when there is nothing."""
    command = ["nsenter", f"--net=/proc/{daemon.pid}/ns/net", "busybox", "wget", "-T2", "-qO-", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip()


def _answers(daemon: engines.Engine, url: str) -> str:
    """What *url* gives as soon as its server listens."""
    deadline = time.monotonic() + 10
    while not (text := _fetch(daemon, url)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return text


def test_the_default_network(api: Api) -> None:
    name = api.run(host={"NetworkMode": "bridge"})
    settings = _settings(api, name)
    endpoint = settings["Networks"]["bridge"]
    network = api("GET", "/networks/bridge").json
    subnet = network["IPAM"]["Config"][0]
    assert endpoint["Gateway"] == subnet["Gateway"] == settings["Gateway"]
    assert endpoint["IPAddress"] == settings["IPAddress"] != ""
    assert f"{endpoint['IPPrefixLen']}" == subnet["Subnet"].partition("/")[2]
    row = network["Containers"][name]
    assert row["IPv4Address"] == f"{endpoint['IPAddress']}/{endpoint['IPPrefixLen']}"
    assert row["MacAddress"] == endpoint["MacAddress"]
    assert endpoint["MacAddress"].startswith("02:42:")
    shown = _exec(api, name, "ip", "addr", "show", "eth0")
    assert endpoint["IPAddress"] in shown and endpoint["MacAddress"] in shown
    assert endpoint["Gateway"] in _exec(api, name, "ip", "route")
    assert f"{endpoint['IPAddress']}\t{name[:12]}" in _exec(api, name, "cat", "/etc/hosts")


def test_addresses_come_back(api: Api) -> None:
    first = api.run(host={"NetworkMode": "bridge"})
    address = _settings(api, first)["IPAddress"]
    api("POST", f"/containers/{first}/kill")
    api.wait(first)
    settings = _settings(api, first)
    assert settings["IPAddress"] == settings["MacAddress"] == settings["EndpointID"] == ""
    second = api.run(host={"NetworkMode": "bridge"})
    assert _settings(api, second)["IPAddress"] == address


def test_a_network_of_ones_own(api: Api, net: str) -> None:
    shown = api("GET", "/networks/net").json
    assert shown["Id"] == net and shown["Labels"] == {"a": "b"}
    assert shown["IPAM"]["Config"] == [{"Subnet": "10.7.0.0/24", "Gateway": "10.7.0.254"}]
    answer = api("POST", "/networks/create", {"Name": "net"})
    assert (answer.status, answer.message) == (409, "network with name net already exists")
    assert "via 10.7.0.254" in _output(api, "net", "ip", "route")
    assert [r["Name"] for r in api("GET", "/networks", filters={"type": ["custom"]}).json] == [
        "net"
    ]
    assert api("DELETE", "/networks/net").status == 204
    assert api("GET", "/networks/net").status == 404


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"Driver": "foo"}, 404, 'plugin "foo" not found'),
        ({"Driver": "host"}, 403, 'only one instance of "host" network is allowed'),
        ({"IPAM": {"Driver": "foo"}}, 404, 'plugin "foo" not found'),
        ({"Name": ""}, 400, "invalid name: "),
        (
            {"IPAM": {"Config": [{"Subnet": "10.1.0.5/16"}]}},
            400,
            "invalid network config:\ninvalid subnet 10.1.0.5/16: it should be 10.1.0.0/16",
        ),
        (
            {"IPAM": {"Config": [{"Subnet": "10.1.0.0/99"}]}},
            400,
            "invalid network config:\ninvalid subnet 10.1.0.0/99: invalid CIDR block notation",
        ),
        (
            {"IPAM": {"Config": [{"Subnet": "10.1.0.0/16", "Gateway": "10.2.0.1"}]}},
            400,
            "invalid network config:\ninvalid gateway 10.2.0.1: parent subnet 10.1.0.0/16 doesn't "
            "contain this address",
        ),
        (
            {"IPAM": {"Config": [{"Subnet": "10.7.0.128/25"}]}},
            403,
            "Pool overlaps with other one on this address space",
        ),
        # They would mean something to nftables, or to the kernel.
        *(
            (
                {"Options": {"com.docker.network.bridge.name": name}},
                400,
                f"invalid bridge name: {name!r}",
            )
            for name in ('"};drop"', "a*", "a\\b", "br%d", "a b", "..")
        ),
        (
            {"Options": {"com.docker.network.bridge.enable_icc": "x"}},
            400,
            "failed to parse com.docker.network.bridge.enable_icc value: x (strconv.ParseBool: "
            'parsing "x": invalid syntax)',
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_created(
    api: Api, net: str, body: dict[str, Any], status: int, message: str
) -> None:
    answer = api("POST", "/networks/create", {"Name": "bad", **body})
    assert (answer.status, answer.message) == (status, message)
    assert api("GET", "/networks/bad").status == 404


def test_published_ports(api: Api, boxship_daemon: engines.Engine) -> None:
    bindings = {"80/tcp": [{"HostPort": "8080"}, {"HostIp": "127.0.0.1"}]}
    host = {"NetworkMode": "bridge", "PortBindings": bindings}
    api.run("web", host, Cmd=SERVER, Hostname="web", ExposedPorts={"80/tcp": {}, "90/udp": {}})
    ports = _settings(api, "web")["Ports"]
    assert ports["90/udp"] is None
    *fixed, chosen = ports["80/tcp"]
    assert fixed == [{"HostIp": host, "HostPort": "8080"} for host in ("0.0.0.0", "::")]
    assert chosen["HostIp"] == "127.0.0.1" and int(chosen["HostPort"]) >= 32768
    for place in ("127.0.0.1:8080", "[::1]:8080", f"127.0.0.1:{chosen['HostPort']}"):
        assert _answers(boxship_daemon, f"http://{place}/") == "web"
    listed = api("GET", "/containers/json").json[0]["Ports"]
    assert {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"} in listed
    api("POST", "/containers/web/kill")
    api.wait("web")
    assert _settings(api, "web")["Ports"] == {}
    assert _fetch(boxship_daemon, "http://127.0.0.1:8080/") == ""


def test_a_port_that_is_taken(api: Api) -> None:
    host = {"NetworkMode": "bridge", "PortBindings": {"80/tcp": [{"HostPort": "8081"}]}}
    api.run("first", host)
    second = api.create("second", host)
    answer = api("POST", f"/containers/{second}/start")
    assert answer.status == 500
    assert answer.message.startswith(
        "driver failed programming external connectivity on endpoint second ("
    )
    assert answer.message.endswith("): Bind for 0.0.0.0:8081 failed: port is already allocated")
    shown = api.inspect(second)
    assert (shown["State"]["ExitCode"], shown["State"]["Status"]) == (128, "created")
    assert shown["NetworkSettings"]["Networks"]["bridge"]["IPAddress"] == ""
    assert second not in api("GET", "/networks/bridge").json["Containers"]
    api("DELETE", "/containers/first", force=1)
    api.start(second)


def test_all_exposed_ports(api: Api) -> None:
    host = {"NetworkMode": "bridge", "PublishAllPorts": True}
    api.run("all", host, ExposedPorts={"80/tcp": {}, "81/udp": {}})
    ports = _settings(api, "all")["Ports"]
    assert all(int(ports[key][0]["HostPort"]) >= 32768 for key in ("80/tcp", "81/udp"))


def test_connecting_while_running(api: Api, net: str, boxship_daemon: engines.Engine) -> None:
    host = {"NetworkMode": "bridge", "PortBindings": {"80/tcp": [{"HostPort": "8082"}]}}
    name = api.run("web", host, Cmd=SERVER, Hostname="web")
    wish = {"IPAMConfig": {"IPv4Address": "10.7.0.9"}, "Aliases": ["other"]}
    body = {"Container": "web", "EndpointConfig": wish}
    assert api("POST", "/networks/net/connect", body).status == 200
    endpoint = _settings(api, "web")["Networks"]["net"]
    assert endpoint["IPAddress"] == "10.7.0.9"
    assert endpoint["DNSNames"] == ["web", "other", name[:12]]
    assert "10.7.0.9" in _exec(api, "web", "ip", "addr", "show", "eth1")
    assert "10.7.0.9\tweb" in _exec(api, "web", "cat", "/etc/hosts")
    again = api("POST", "/networks/net/connect", body)
    assert (again.status, again.message) == (
        403,
        "endpoint with name web already exists in network net",
    )
    assert api("DELETE", "/networks/net").message == (
        f"error while removing network: network net id {net} has active endpoints"
    )
    assert _output(api, "net", "wget", "-qO-", "10.7.0.9").strip() == "web"
    gone = api("POST", "/networks/bridge/disconnect", {"Container": "web"})
    assert gone.status == 200
    assert list(_settings(api, "web")["Networks"]) == ["net"]
    assert "via 10.7.0.254" in _exec(api, "web", "ip", "route")
    # The port has moved on to the network that is left.
    assert _answers(boxship_daemon, "http://127.0.0.1:8082/") == "web"
    twice = api("POST", "/networks/bridge/disconnect", {"Container": "web"})
    assert twice.message == f"container {name} is not connected to network bridge"


def test_connecting_before_the_start(api: Api, net: str) -> None:
    name = api.create(host={"NetworkMode": "bridge"})
    assert api("POST", "/networks/net/connect", {"Container": name}).status == 200
    api.start(name)
    networks = _settings(api, name)["Networks"]
    assert sorted(networks) == ["bridge", "net"]
    assert networks["net"]["IPAddress"] == "10.7.0.1"
    route = _exec(api, name, "ip", "route")
    assert f"default via {networks['bridge']['Gateway']}" in route
    assert networks["net"]["IPAddress"] in _exec(api, name, "ip", "addr", "show", "eth1")


def test_static_addresses(api: Api, net: str) -> None:
    def create(network: str, address: str) -> Any:
        config = {network: {"IPAMConfig": {"IPv4Address": address}}}
        body = {"Image": "busybox", "Cmd": ["sleep", "100"], "HostConfig": {"NetworkMode": network}}
        body["NetworkingConfig"] = {"EndpointsConfig": config}
        return api("POST", "/containers/create", body)

    first, second = (create("net", "10.7.0.77").json["Id"] for _ in range(2))
    api.start(first)
    assert _settings(api, first)["Networks"]["net"]["IPAddress"] == "10.7.0.77"
    answer = api("POST", f"/containers/{second}/start")
    assert (answer.status, answer.message) == (403, "Address already in use")
    outside = create("net", "10.8.0.1")
    assert outside.status == 400
    assert outside.message == (
        "invalid config for network net: invalid endpoint settings:\n"
        "no configured subnet or ip-range contain the IP address 10.8.0.1"
    )


def test_networks_are_apart(api: Api, net: str) -> None:
    api.run("web", {"NetworkMode": "net"}, Cmd=SERVER, Hostname="web")
    address = _settings(api, "web")["Networks"]["net"]["IPAddress"]
    assert _output(api, "net", "wget", "-T2", "-qO-", address).strip() == "web"
    assert "timed out" in _output(api, "bridge", "wget", "-T1", "-qO-", address)


def test_an_internal_network_has_no_way_out(api: Api, net: str) -> None:
    assert api("POST", "/networks/create", {"Name": "shut", "Internal": True}).status == 201
    route = _output(api, "shut", "ip", "route")
    assert "default" not in route and "dev eth0" in route


def test_host_and_none_take_no_others(api: Api, net: str) -> None:
    api.run("alone")
    answer = api("POST", "/networks/net/connect", {"Container": "alone"})
    assert answer.status == 403
    assert answer.message == (
        "container cannot be connected to multiple networks with one of the networks in private "
        "(none) mode"
    )


def test_events_and_prune(api: Api, net: str) -> None:
    api.run("box", {"NetworkMode": "net"})
    assert api("POST", "/networks/prune").json == {"NetworksDeleted": None}
    api("DELETE", "/containers/box", force=1)
    assert api("POST", "/networks/prune", filters={"label": ["x"]}).json["NetworksDeleted"] is None
    assert api("POST", "/networks/prune").json == {"NetworksDeleted": ["net"]}
    now = int(time.time()) + 1
    raw = api("GET", "/events", since=now - 60, until=now, filters={"type": ["network"]}).body
    rows = [json.loads(line) for line in raw.splitlines()]
    mine = [row["Action"] for row in rows if row["Actor"]["ID"] == net]
    assert mine == ["create", "connect", "disconnect", "destroy"]


def test_the_host_gateway(api: Api) -> None:
    text = _output(api, "bridge", "cat", "/etc/hosts", ExtraHosts=["up:host-gateway"])
    gateway = api("GET", "/networks/bridge").json["IPAM"]["Config"][0]["Gateway"]
    assert f"{gateway}\tup" in text
