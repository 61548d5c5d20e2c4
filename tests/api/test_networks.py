"""The predefined networks, and containers on them."""

import pytest
from docker import DockerClient

from support.api import Api


def test_the_three(api: Api) -> None:
    rows = {row["Name"]: row for row in api("GET", "/networks").json}
    assert {name: row["Driver"] for name, row in rows.items()} == {
        "bridge": "bridge",
        "host": "host",
        "none": "null",
    }
    for row in rows.values():
        for reference in (row["Name"], row["Id"], row["Id"][:12]):
            assert api("GET", f"/networks/{reference}").json["Id"] == row["Id"]
    assert api("GET", "/networks/nosuch").message == "network nosuch not found"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"name": ["none"]}, ["none"]),
        ({"driver": ["host"]}, ["host"]),
        ({"type": ["custom"]}, []),
        ({"type": ["builtin"]}, ["bridge", "host", "none"]),
        ({"dangling": ["true"]}, []),
        ({"label": ["x"]}, []),
        ({"scope": ["local"]}, ["bridge", "host", "none"]),
    ],
)
def test_filters(api: Api, filters: dict[str, list[str]], found: list[str]) -> None:
    answer = api("GET", "/networks", filters=filters)
    assert sorted(row["Name"] for row in answer.json) == found


def test_bad_filters(api: Api) -> None:
    assert api("GET", "/networks", filters={"bogus": ["x"]}).message == "invalid filter 'bogus'"
    assert api("GET", "/networks", filters={"type": ["x"]}).status == 400


def test_they_cannot_be_changed(api: Api) -> None:
    answer = api("DELETE", "/networks/none")
    assert answer.status == 403
    assert answer.message == "none is a pre-defined network and cannot be removed"
    answer = api("POST", "/networks/create", {"Name": "host"})
    assert answer.status == 403
    assert answer.message == "operation is not permitted on predefined host network "
    assert api("POST", "/networks/prune").json == {"NetworksDeleted": None}


def test_a_running_container_is_seen_on_its_network(api: Api) -> None:
    identity = api.create("box")
    settings = api.inspect(identity)["NetworkSettings"]
    assert settings["SandboxID"] == settings["Networks"]["none"]["EndpointID"] == ""
    api.start(identity)
    settings = api.inspect(identity)["NetworkSettings"]
    endpoint = settings["Networks"]["none"]
    network = api("GET", "/networks/none").json
    assert endpoint["NetworkID"] == network["Id"]
    assert network["Containers"][identity]["EndpointID"] == endpoint["EndpointID"] != ""
    assert network["Containers"][identity]["Name"] == "box"
    assert settings["SandboxID"] and settings["SandboxKey"]
    listed = api("GET", "/containers/json", filters={"network": ["none"]}).json
    assert [row["Id"] for row in listed] == [identity]
    api("POST", f"/containers/{identity}/kill")
    api.wait(identity)
    assert api("GET", "/networks/none").json["Containers"] == {}
    stopped = api.inspect(identity)["NetworkSettings"]["Networks"]["none"]
    assert (stopped["NetworkID"], stopped["EndpointID"]) == (network["Id"], "")


def test_the_namespaces_are_what_they_are_called(api: Api) -> None:
    def interfaces(mode: str) -> list[str]:
        identity = api.run(host={"NetworkMode": mode}, Cmd=["ls", "/sys/class/net"], Tty=True)
        api.wait(identity)
        return api("GET", f"/containers/{identity}/logs", stdout=1).body.decode().split()

    assert interfaces("none") == ["lo"]
    assert "lo" in interfaces("host")


def test_docker_for_python(client: DockerClient) -> None:
    assert sorted(each.name for each in client.networks.list()) == ["bridge", "host", "none"]
    assert client.networks.get("none").attrs["Driver"] == "null"
