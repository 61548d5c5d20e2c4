"""Ping, version, info, disk usage, and how versions are negotiated."""

import pytest
from docker import DockerClient

from support.api import Api


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_ping(api: Api, method: str) -> None:
    answer = api(method, "/_ping")
    assert answer.status == 200
    assert answer.body == (b"OK" if method == "GET" else b"")
    assert answer.headers["api-version"] == "1.51"
    assert answer.headers["ostype"] == "linux"
    assert answer.headers["docker-experimental"] == "false"
    assert answer.headers["swarm"] == "inactive"
    assert answer.headers["cache-control"] == "no-cache, no-store, must-revalidate"
    assert answer.headers["pragma"] == "no-cache"


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (
            "1.23",
            "client version 1.23 is too old. Minimum supported API version is 1.24, "
            "please upgrade your client to a newer version",
        ),
        ("9.9", "client version 9.9 is too new. Maximum supported API version is 1.51"),
    ],
)
def test_versions_outside_ours(api: Api, version: str, message: str) -> None:
    answer = api("GET", f"/v{version}/info")
    assert (answer.status, answer.message) == (400, message)


@pytest.mark.parametrize("minor", range(24, 52))
def test_each_version_shows_containers(api: Api, minor: int) -> None:
    identity = api.create()
    shown = api("GET", f"/v1.{minor}/containers/{identity}/json")
    assert shown.status == 200
    networks = shown.json["NetworkSettings"]["Networks"]
    assert ("GwPriority" in networks["none"]) is (minor >= 48)
    assert api("GET", f"/v1.{minor}/containers/json", all=1).json[0]["Id"] == identity


def test_info_counts(api: Api) -> None:
    before = api("GET", "/info").json
    api.create()
    api.run()
    paused = api.run()
    api("POST", f"/containers/{paused}/pause")
    after = api("GET", "/info").json
    assert after["Containers"] - before["Containers"] == 3
    assert after["ContainersRunning"] - before["ContainersRunning"] == 1
    assert after["ContainersPaused"] - before["ContainersPaused"] == 1
    assert after["ContainersStopped"] - before["ContainersStopped"] == 1
    assert after["Images"] >= 1
    assert after["ID"] == before["ID"] != ""


def test_disk_usage(api: Api) -> None:
    identity = api.run(Cmd=["sh", "-c", "head -c 3000 /dev/zero >/file"])
    api.wait(identity)
    shown = api("GET", "/system/df").json
    assert set(shown) >= {"LayersSize", "Images", "Containers", "Volumes", "BuildCache"}
    assert [row["SizeRw"] for row in shown["Containers"]] == [3000]
    busybox = next(row for row in shown["Images"] if "busybox:latest" in (row["RepoTags"] or ()))
    assert busybox["Containers"] == 1
    some = api("GET", "/system/df", type="container").json
    assert some["Images"] is None and len(some["Containers"]) == 1


def test_paths_of_swarm_and_plugins(api: Api) -> None:
    for path in ("/swarm", "/nodes", "/services", "/tasks"):
        answer = api("GET", path)
        assert answer.status == 503
        assert answer.message.startswith("This node is not a swarm manager.")
    assert api("GET", "/plugins").json == []


def test_unknown_paths(api: Api) -> None:
    for method, path in (("GET", "/nosuch"), ("PATCH", "/containers/json"), ("GET", "/")):
        answer = api(method, path)
        assert (answer.status, answer.message) == (404, "page not found")


def test_docker_for_python(client: DockerClient) -> None:
    assert client.ping()
    assert client.version()["ApiVersion"] == "1.51"
    assert client.info()["OSType"] == "linux"
    assert client.df()["Volumes"] == []
