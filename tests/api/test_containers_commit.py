"""POST /commit: what the image says, and what is in it."""

import pytest

from support import engines
from support.api import Api
from support.waiting import eventually


@pytest.fixture
def box(api: Api) -> str:
    script = "echo written >/file; rm /etc/group; echo done; sleep 1000"
    identity = api.run("box", Cmd=["sh", "-c", script], Labels={"a": "b"}, Env=["A=1"])
    eventually(lambda: b"done" in api("GET", "/containers/box/logs?stdout=1").body)
    return identity


@pytest.fixture
def made(api: Api, box: str):
    """``made:one``, with changes and a request's own configuration."""
    answer = api(
        "POST",
        "/commit",
        {"Env": ["B=2"]},
        container="box",
        repo="made",
        tag="one",
        author="me",
        comment="why",
        changes='CMD ["cat", "/file"]\nLABEL c=d',
    )
    assert answer.status == 201
    yield answer.json["Id"]
    api.clean()
    api("DELETE", "/images/made:one", force=1)


def test_configuration(api: Api, made: str) -> None:
    shown = api("GET", "/images/made:one/json").json
    assert shown["Id"] == made
    assert (shown["Author"], shown["Comment"]) == ("me", "why")
    config = shown["Config"]
    assert config["Cmd"] == ["cat", "/file"]
    assert config["Labels"] == {"a": "b", "c": "d"}
    assert config["Env"][:2] == ["B=2", "A=1"]
    assert len(shown["RootFS"]["Layers"]) == 2


def test_history(api: Api, made: str) -> None:
    newest = api("GET", "/images/made:one/history").json[0]
    assert newest["CreatedBy"].startswith("sh -c echo written")
    assert (newest["Comment"], newest["Tags"]) == ("why", ["made:one"])


def test_content(api: Api, made: str) -> None:
    identity = api.run(Image="made:one", Cmd=["sh", "-c", "cat /file; ls /etc/group 2>&1"])
    assert api.wait(identity) == 1
    log = api("GET", f"/containers/{identity}/logs?stdout=1").body
    assert b"written" in log and b"No such file" in log
    assert b"PATH" not in log


def test_the_container_is_paused_meanwhile(api: Api, box: str) -> None:
    import json
    import time

    since = f"{time.time_ns() / 1e9:.9f}"
    made = api("POST", "/commit", container="box").json["Id"]
    until = f"{time.time_ns() / 1e9:.9f}"
    body = api("GET", "/events", since=since, until=until).body
    actions = [json.loads(line)["Action"] for line in body.splitlines()]
    assert actions == ["pause", "commit", "unpause"]
    assert api.status("box") == "running"
    assert api("DELETE", f"/images/{made}").status == 200


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ({}, 400, 'invalid name or ID supplied: ""'),
        ({"container": "nosuch"}, 404, "No such container: nosuch"),
        ({"container": "box", "repo": "BAD"}, 400, "invalid reference format"),
        ({"container": "box", "repo": "x", "tag": "!!"}, 400, "invalid tag format"),
        ({"container": "box", "changes": "RUN x"}, 400, "RUN is not a valid change command"),
    ],
)
def test_refusals(api: Api, box: str, query: dict[str, str], status: int, text: str) -> None:
    answer = api("POST", "/commit", **query)
    assert (answer.status, answer.message[: len(text)]) == (status, text)


def test_layers_of_a_removed_image_go_with_its_last_container(
    api: Api, box: str, boxship_daemon: engines.Engine
) -> None:
    layers = boxship_daemon.root / "data/layers/sha256"
    before = {entry.name for entry in layers.iterdir()}
    api("POST", "/commit", container="box", repo="short")
    added = {entry.name for entry in layers.iterdir()} - before
    assert len(added) == 1
    user = api.create(Image="short")
    assert api("DELETE", "/images/short", force=1).status == 200
    assert added <= {entry.name for entry in layers.iterdir()}
    api.start(user)
    api("DELETE", f"/containers/{user}", force=1)
    eventually(lambda: {entry.name for entry in layers.iterdir()} == before)


@pytest.mark.parametrize("body", [None, {}, {"comment": "of no configuration"}, b"null"])
def test_a_body_without_configuration_leaves_the_container_s(
    api: Api, box: str, body: object
) -> None:
    json = {"Content-Type": "application/json"}
    query = {"container": box, "changes": "ENV C=3"}
    answer = api("POST", "/commit", body, json, **query)
    shown = api("GET", f"/images/{answer.json['Id']}/json").json["Config"]
    assert [each for each in shown["Env"] if "PATH" not in each] == ["A=1", "C=3"]
    api.clean()
    api("DELETE", f"/images/{answer.json['Id']}", force=1)
