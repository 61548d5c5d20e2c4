"""Clients that name an older version of the API: what they may ask, and what they are told."""

from collections.abc import Iterator

import pytest

from support.api import Api


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/system/df", 200),
        ("GET", "/plugins", 200),
        ("POST", "/networks/prune", 200),
        ("POST", "/build/prune", 200),
        ("GET", "/configs", 503),
        ("GET", "/nowhere", 404),
    ],
)
def test_paths_of_later_versions_are_there(api: Api, method: str, path: str, status: int) -> None:
    assert api(method, f"/v1.24{path}").status == status


@pytest.fixture
def box(api: Api) -> Iterator[str]:
    """A container with host name, alias and annotation on a network of its own."""
    assert api("POST", "/networks/create", {"Name": "older"}).status == 201
    config = {
        "Image": "busybox",
        "Cmd": ["sleep", "1000"],
        "Hostname": "hosty",
        "HostConfig": {"NetworkMode": "older", "Annotations": {"a": "b"}},
        "NetworkingConfig": {"EndpointsConfig": {"older": {"Aliases": ["alias"]}}},
    }
    made = api("POST", "/containers/create", config, name="box")
    api.start(made.json["Id"])
    yield made.json["Id"]
    api("DELETE", "/containers/box", force=1)
    assert api("DELETE", "/networks/older").status == 204


def test_names_were_aliases(api: Api, box: str) -> None:
    def endpoint(version: str) -> dict[str, list[str]]:
        answer = api("GET", f"/v{version}/containers/{box}/json")
        found: dict[str, list[str]] = answer.json["NetworkSettings"]["Networks"]["older"]
        return found

    assert endpoint("1.44")["Aliases"] == ["alias", box[:12], "hosty"]
    assert endpoint("1.45")["Aliases"] == ["alias"]
    assert endpoint("1.45")["DNSNames"] == ["box", "alias", box[:12], "hosty"]


def test_the_host_name_is_found(api: Api, box: str) -> None:
    body = {"Cmd": ["nslookup", "hosty"], "AttachStdout": True}
    session = api("POST", f"/containers/{box}/exec", body).json["Id"]
    answer = api("POST", f"/exec/{session}/start", {"Detach": False})
    assert b"hosty" in answer.body
    assert api("GET", f"/exec/{session}/json").json["ExitCode"] == 0


def test_annotations_are_listed_late(api: Api, box: str) -> None:
    def listed(version: str) -> dict[str, object]:
        found: dict[str, object] = api("GET", f"/v{version}/containers/json").json[0]["HostConfig"]
        return found

    assert listed("1.45") == {"NetworkMode": "older"}
    assert listed("1.46") == {"NetworkMode": "older", "Annotations": {"a": "b"}}


def test_images_named_their_container(api: Api, box: str) -> None:
    made = api("POST", "/commit", {}, container=box).json["Id"]
    try:
        assert api("GET", f"/v1.44/images/{made}/json").json["Container"] == box
        assert "Container" not in api("GET", f"/v1.45/images/{made}/json").json
        assert "Container" not in api("GET", "/v1.44/images/busybox/json").json
    finally:
        api("DELETE", f"/containers/{box}", force=1)
        api("DELETE", f"/images/{made}")
