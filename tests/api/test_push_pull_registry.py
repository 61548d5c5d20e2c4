"""Push and pull through Debian's docker-registry: by the docker CLI, beside dockerd, and skopeo."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from support.api import Api
from support.debian_registry import Registry, registry
from support.engines import Engine

Docker = Callable[..., "CompletedProcess[str]"]
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry")


@pytest.fixture(scope="module")
def served(boxship_daemon: Engine, storage: Path) -> Iterator[Registry]:
    """A registry that Boxship reaches."""
    with registry(boxship_daemon.pid, storage) as found:
        yield found


@pytest.fixture(scope="module")
def beside_dockerd(dockerd: Engine, served: Registry, storage: Path) -> Iterator[Registry]:
    """The same registry's content, for dockerd."""
    with registry(dockerd.pid, storage) as found:
        yield found


@pytest.fixture
def name(docker: Docker, served: Registry, request: pytest.FixtureRequest) -> Iterator[str]:
    """busybox by a name in the registry, which no other test uses."""
    found = f"{served.host}/team/{request.node.name.split('[')[0].replace('_', '-')}"
    docker("tag", "busybox", f"{found}:v1")
    yield found
    ids = docker("images", "-q", found).stdout.split()
    tags = docker("images", "--format", "{{.Repository}}:{{.Tag}}", found).stdout.split()
    if ids:
        docker("rmi", "-f", *[tag for tag in tags if not tag.endswith("<none>")], check=False)


def messages(api: Api, path: str, **query: object) -> list[dict[str, Any]]:
    answer = api("POST", path, None, **query)
    assert answer.status == 200, answer
    return [json.loads(line) for line in answer.body.splitlines()]


def repo_digest(docker: Docker, image: str) -> str:
    """What the image is called by digest in the repository of *image*."""
    format = "{{range .RepoDigests}}{{println .}}{{end}}"
    found = docker("image", "inspect", image, "--format", format).stdout.split()
    repository = image.rpartition(":")[0]
    return next(one for one in found if one.startswith(f"{repository}@"))


def test_push_then_pull(api: Api, docker: Docker, served: Registry, name: str) -> None:
    said = messages(api, f"/images/{name}/push", tag="v1")
    assert said[0] == {"status": f"The push refers to repository [{name}]"}
    assert {row.get("status") for row in said} >= {"Preparing"}
    aux = said[-1]["aux"]
    assert said[-2] == {
        "status": f"v1: digest: {aux['Digest']} size: {aux['Size']}",
    }
    accept = f"Accept: {MANIFEST}"
    path = f"/v2/{name.partition('/')[2]}/manifests/v1"
    assert len(served.curl(path, "-H", accept)) == aux["Size"]
    assert repo_digest(docker, f"{name}:v1") == f"{name}@{aux['Digest']}"
    docker("rmi", f"{name}:v1")
    said = messages(api, "/images/create", fromImage=name, tag="v1")
    assert said[0] == {"status": f"Pulling from {name.partition('/')[2]}", "id": "v1"}
    assert said[-2:] == [
        {"status": f"Digest: {aux['Digest']}"},
        {"status": f"Status: Downloaded newer image for {name}:v1"},
    ]
    said = messages(api, "/images/create", fromImage=name, tag="v1")
    assert said[-1] == {"status": f"Status: Image is up to date for {name}:v1"}
    assert repo_digest(docker, f"{name}:v1") == f"{name}@{aux['Digest']}"


def test_pull_by_digest_and_of_all_tags(docker: Docker, served: Registry, name: str) -> None:
    docker("tag", "busybox", f"{name}:v2")
    docker("push", "-a", name)
    by_digest = repo_digest(docker, f"{name}:v1")
    docker("rmi", f"{name}:v1", f"{name}:v2")
    assert f"Status: Downloaded newer image for {by_digest}" in docker("pull", by_digest).stdout
    assert docker("images", "-q", "--digests", name).stdout
    docker("rmi", by_digest)
    docker("pull", "-a", name)
    tags = docker("images", name, "--format", "{{.Tag}}").stdout.split()
    assert sorted(tags) == ["v1", "v2"]


def test_run_fetches_what_is_missing(
    docker: Docker, boxship_daemon: Engine, served: Registry, name: str
) -> None:
    docker("push", f"{name}:v1")
    docker("rmi", f"{name}:v1")
    done = docker("run", "--rm", "--network", "none", f"{name}:v1", "echo", "here")
    assert done.stdout == "here\n"
    assert f"Unable to find image '{name}:v1' locally" in done.stderr


def test_layers_are_mounted_and_known_ones_not_sent(
    api: Api, docker: Docker, served: Registry, name: str
) -> None:
    messages(api, f"/images/{name}/push", tag="v1")
    again = messages(api, f"/images/{name}/push", tag="v1")
    assert "Layer already exists" in [row.get("status") for row in again]
    docker("tag", "busybox", f"{name}-b:v1")
    there = messages(api, f"/images/{name}-b/push", tag="v1")
    assert any(str(row.get("status")).startswith("Mounted from team/") for row in there)
    docker("rmi", f"{name}-b:v1")


def test_events(api: Api, docker: Docker, served: Registry, name: str) -> None:
    since = api("GET", "/info").json["SystemTime"]
    docker("push", f"{name}:v1")
    docker("pull", f"{name}:v1")
    filters = {"type": ["image"], "event": ["push", "pull"]}
    until = api("GET", "/info").json["SystemTime"]
    answer = api("GET", "/events", since=seconds(since), until=seconds(until) + 1, filters=filters)
    rows = [json.loads(line) for line in answer.body.splitlines()]
    ours = [row for row in rows if row["Actor"]["ID"] == f"{name}:v1"]
    assert [row["Action"] for row in ours] == ["push", "pull"]
    assert {row["Actor"]["Attributes"]["name"] for row in ours} == {name}


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text[:19] + "+00:00").timestamp())


def test_distribution(api: Api, served: Registry, name: str) -> None:
    aux = messages(api, f"/images/{name}/push", tag="v1")[-1]["aux"]
    found = api("GET", f"/distribution/{name}:v1/json").json
    assert found["Descriptor"] == {
        "mediaType": MANIFEST,
        "digest": aux["Digest"],
        "size": aux["Size"],
    }
    assert [row["os"] for row in found["Platforms"]] == ["linux"]


def test_other_tools_read_what_was_pushed(
    docker: Docker, served: Registry, name: str, tmp_path: Path
) -> None:
    docker("push", f"{name}:v1")
    image = f"docker://{name}:v1"
    found = json.loads(served.run("skopeo", "inspect", "--tls-verify=false", image))
    assert found["Digest"] == repo_digest(docker, f"{name}:v1").partition("@")[2]
    served.run("skopeo", "copy", "--src-tls-verify=false", image, f"oci:{tmp_path}/out:x")


@pytest.mark.parametrize("options", [(), ("--format", "oci", "--dest-compress-format", "zstd")])
def test_images_of_other_tools(
    docker: Docker, served: Registry, name: str, tmp_path: Path, options: tuple[str, ...]
) -> None:
    docker("save", "-o", str(tmp_path / "x.tar"), f"{name}:v1")
    docker("rmi", f"{name}:v1")
    source = f"docker-archive:{tmp_path}/x.tar"
    served.run(
        *("skopeo", "copy", "--dest-tls-verify=false", "--dest-compress", *options),
        *(source, f"docker://{name}:other"),
    )
    docker("pull", f"{name}:other")
    done = docker("run", "--rm", "--network", "none", f"{name}:other", "echo", "here")
    assert done.stdout == "here\n"
    docker("push", f"{name}:other")


@pytest.mark.needs_dockerd
def test_dockerd_pulls_what_we_push(
    docker: Docker, dockerd: Engine, beside_dockerd: Registry, name: str
) -> None:
    docker("push", f"{name}:v1")
    assert "Downloaded newer image" in dockerd.docker("pull", f"{name}:v1").stdout
    assert repo_digest(dockerd.docker, f"{name}:v1") == repo_digest(docker, f"{name}:v1")
    done = dockerd.docker("run", "--rm", "--network", "none", f"{name}:v1", "echo", "here")
    assert done.stdout == "here\n"
    dockerd.docker("rmi", f"{name}:v1")


@pytest.mark.needs_dockerd
def test_we_pull_what_dockerd_pushes(
    docker: Docker, dockerd: Engine, beside_dockerd: Registry, name: str
) -> None:
    dockerd.docker("tag", "busybox", f"{name}:theirs")
    dockerd.docker("push", f"{name}:theirs")
    docker("pull", f"{name}:theirs")
    assert repo_digest(docker, f"{name}:theirs") == repo_digest(dockerd.docker, f"{name}:theirs")
    done = docker("run", "--rm", "--network", "none", f"{name}:theirs", "echo", "here")
    assert done.stdout == "here\n"
    dockerd.docker("rmi", f"{name}:theirs")


@pytest.mark.needs_dockerd
@pytest.mark.parametrize(
    "arguments",
    [
        ("pull", "127.0.0.1:5000/team/nope:x"),
        ("pull", "127.0.0.1:5000/team/nope"),
        ("pull", "-a", "127.0.0.1:5000/team/nope"),
        ("pull", "127.0.0.1:5000/team/nope@sha256:" + "0" * 64),
        ("pull", "127.0.0.1:1/team/nope"),
        ("push", "127.0.0.1:1/team/nope"),
        ("run", "--rm", "127.0.0.1:5000/team/nope"),
        ("manifest", "inspect", "--insecure", "127.0.0.1:5000/team/nope"),
    ],
)
def test_failures_read_the_same(
    docker: Docker, dockerd: Engine, beside_dockerd: Registry, arguments: tuple[str, ...]
) -> None:
    ours, theirs = docker(*arguments, check=False), dockerd.docker(*arguments, check=False)
    assert ours.returncode == theirs.returncode != 0
    assert ours.stderr == theirs.stderr


@pytest.mark.needs_dockerd
def test_passwords(
    docker: Docker,
    dockerd: Engine,
    boxship_daemon: Engine,
    tmp_path: Path,
) -> None:
    with (
        registry(boxship_daemon.pid, tmp_path, password=True, port=5001) as here,
        registry(dockerd.pid, tmp_path, password=True, port=5001),
    ):
        image = f"{here.host}/private/box"
        said = []
        for run in (docker, dockerd.docker):
            run("tag", "busybox", image)
            refused = run("push", image, check=False)
            wrong = run("login", "-u", "me", "-p", "wrong", here.host, check=False)
            right = run("login", "-u", "me", "--password-stdin", here.host, stdin="secret")
            assert "Login Succeeded" in right.stdout
            run("push", image)
            run("rmi", image)
            run("pull", image)
            run("logout", here.host)
            unread = run("pull", image, check=False)
            said.append([refused.returncode, wrong.returncode, wrong.stderr, unread.stderr])
            run("rmi", image)
        assert said[0] == said[1]


# What comes or not, depending on how fast things are.
PASSING = ("Waiting", "Downloading", "Extracting", "Pushing")


def told(engine: str, path: str, **query: object) -> tuple[list[Any], dict[str, list[Any]]]:
    """The lasting messages of a stream: those of the whole in their order, those of each layer in
    theirs."""
    answer = Api(engine)("POST", path, None, {"X-Registry-Auth": "e30="}, **query)
    rows = [json.loads(line) for line in answer.body.splitlines()]
    lasting = [row for row in rows if row.get("status") not in PASSING]
    whole = [row for row in lasting if "progressDetail" not in row or "aux" in row]
    layers: dict[str, list[Any]] = {}
    for row in lasting:
        if row not in whole:
            layers.setdefault(row["id"], []).append(row)
    for row in rows:
        if row.get("status") in PASSING and row["progressDetail"]:
            assert set(row) == {"status", "id", "progress", "progressDetail"}
            assert set(row["progressDetail"]) == {"current", "total"}
    return whole, layers


@pytest.mark.needs_dockerd
def test_progress_is_told_as_dockerd_tells_it(
    docker: Docker, boxship_daemon: Engine, dockerd: Engine, beside_dockerd: Registry, name: str
) -> None:
    docker("push", f"{name}:v1")
    ours, theirs = str(boxship_daemon.socket), str(dockerd.socket)
    try:
        for remove in (docker, dockerd.docker):
            remove("rmi", f"{name}:v1", check=False)
        for tag in ("v1", "v1", ""):
            found = told(ours, "/images/create", fromImage=name, tag=tag)
            assert found == told(theirs, "/images/create", fromImage=name, tag=tag)
        dockerd.docker("push", f"{name}:v1")
        pushed, other = (told(one, f"/images/{name}/push", tag="v1") for one in (ours, theirs))
        # Each compresses in its own way, and remembers.
        assert [list(row) for row in pushed[0]] == [list(row) for row in other[0]]
        assert pushed[0][0] == other[0][0] and pushed[1] == other[1]
    finally:
        dockerd.docker("rmi", "-f", f"{name}:v1", check=False)
