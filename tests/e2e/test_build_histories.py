"""The same steps by both protocols: each writes its own history, and finds what the other made."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker as docker_py
import pytest

from boxship import __version__
from e2e.builds.corpus import history
from support import engines
from support.buildkit_client import Client, client_in
from support.contexts import build, context, text

_DOCKERFILE = """\
FROM busybox
ENV A=1
RUN date +%N > /n
COPY a /a
ONBUILD USER x
RUN cat /a > /b
"""
_RUN = "RUN /bin/sh -c date +%N > /n # buildkit"
_CLASSIC = "/bin/sh -c date +%N > /n"


@pytest.fixture
def client(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Client]:
    with client_in(boxship_daemon, tmp_path) as found:
        yield found
    boxship_daemon.docker("builder", "prune", "-af")


@pytest.fixture
def api(boxship_daemon: engines.Engine) -> docker_py.DockerClient:
    return docker_py.DockerClient(base_url=boxship_daemon.host, timeout=60)


def _by_buildkit(client: Client, a: str, tag: str) -> str:
    client.write(Dockerfile=_DOCKERFILE, a=a)
    return client.docker("build", "-t", tag, ".")


def _classic(api: docker_py.DockerClient, a: str, tag: str, *cache_from: str) -> str:
    return text(build(api, context(_DOCKERFILE, a=a), tag=tag, cache_from=[*cache_from]))


def _told(api: docker_py.DockerClient, tag: str) -> list[str]:
    return [row["CreatedBy"] for row in api.images.get(tag).history()]


def _of_the_builder(api: docker_py.DockerClient, tag: str) -> tuple[str, str]:
    attrs = api.images.get(tag).attrs
    return attrs["Comment"], attrs["DockerVersion"]


def _layers(api: docker_py.DockerClient, tag: str) -> Any:
    return api.images.get(tag).attrs["RootFS"]["Layers"]


def test_the_classic_builder_finds_what_buildkit_made(
    client: Client, api: docker_py.DockerClient
) -> None:
    _by_buildkit(client, "1", "one")
    assert "Running in" not in _classic(api, "1", "two")
    assert _layers(api, "one") == _layers(api, "two")
    assert _told(api, "one")[-3::-1] == [
        _RUN, "COPY a /a # buildkit", "RUN /bin/sh -c cat /a > /b # buildkit",
    ]  # fmt: skip
    said = _told(api, "two")
    assert said[-3] == _CLASSIC and said[-4].startswith("/bin/sh -c #(nop) COPY file:")
    assert said[1] == "/bin/sh -c #(nop)  ONBUILD USER x"
    shown = [_of_the_builder(api, tag) for tag in ("one", "two")]
    assert shown == [("buildkit.dockerfile.v0", ""), ("", __version__)]


def test_buildkit_finds_what_the_classic_builder_made(
    client: Client, api: docker_py.DockerClient
) -> None:
    _classic(api, "1", "one")
    assert _by_buildkit(client, "1", "two").count("CACHED") == 3
    assert _layers(api, "one") == _layers(api, "two")
    assert _RUN in _told(api, "two") and _CLASSIC in _told(api, "one")
    # Both are found again as they are.
    ids = [api.images.get(tag).id for tag in ("one", "two")]
    _by_buildkit(client, "1", "again")
    assert api.images.get("again").id == ids[1]
    _classic(api, "1", "again")
    assert api.images.get("again").id == ids[0]


def test_layers_are_taken_from_an_image_of_either(
    client: Client, api: docker_py.DockerClient
) -> None:
    _by_buildkit(client, "1", "one")
    assert "Running in" not in _classic(api, "1", "two", "one")
    assert _layers(api, "one") == _layers(api, "two")
    assert "Running in" not in _classic(api, "1", "three", "two")
    assert _layers(api, "one") == _layers(api, "three")


def test_a_copy_is_taken_only_where_the_cache_knows_it(
    client: Client, api: docker_py.DockerClient
) -> None:
    """BuildKit's line does not say what was copied."""
    _by_buildkit(client, "1", "one")
    _classic(api, "2", "two", "one")
    assert _layers(api, "one")[:2] == _layers(api, "two")[:2]
    assert client.file("two", "/a") == client.file("two", "/b") == "2"
    client.docker("builder", "prune", "-af")
    _classic(api, "1", "three", "one")
    assert _layers(api, "one")[:2] == _layers(api, "three")[:2]
    assert client.file("three", "/b") == "1"


def test_a_base_has_its_author_from_buildkit_alone(
    boxship_daemon: engines.Engine, client: Client, api: docker_py.DockerClient
) -> None:
    def authors() -> tuple[str, list[str | None]]:
        steps = history(boxship_daemon.host, "one")[1:]
        return api.images.get("one").attrs["Author"], [step.get("author") for step in steps]

    base = "FROM busybox AS base\nMAINTAINER me\nENV a=1\n"
    classic, buildkit = [], []
    for source in (base, base + "FROM base\nRUN echo > /x\n"):
        text(build(api, context(source), tag="one"))
        classic.append(authors())
        client.write(Dockerfile=source)
        client.docker("build", "-t", "one", ".")
        buildkit.append(authors())
    assert classic == [("me", ["me", "me"]), ("", ["me", "me", None])]
    assert buildkit == [("me", [None, None]), ("me", [None, None, None])]


def test_a_working_directory_is_the_same_however_it_is_written(
    client: Client, api: docker_py.DockerClient
) -> None:
    source = "FROM busybox\nWORKDIR /x//y/\nRUN date +%N > n\n"
    client.write(Dockerfile=source)
    client.docker("build", "-t", "one", ".")
    assert "Running in" not in text(build(api, context(source), tag="two"))
    assert _layers(api, "one") == _layers(api, "two")
    found = [api.images.get(tag).attrs["Config"]["WorkingDir"] for tag in ("one", "two")]
    assert found == ["/x//y/", "/x/y"]


@pytest.mark.parametrize("buildkit", [False, True], ids=["classic", "buildkit"])
def test_a_run_is_taken_only_where_the_cache_knows_what_it_inherits(
    client: Client, api: docker_py.DockerClient, buildkit: bool
) -> None:
    """No history says what the stage below has declared."""
    source = "FROM busybox AS base\nARG A\nFROM base\nRUN echo $A > /a\n"
    client.write(Dockerfile=source)
    if buildkit:
        client.docker("build", "-t", "one", "--build-arg", "A=1", ".")
    else:
        text(build(api, context(source), tag="one", buildargs={"A": "1"}))
    assert "A=1" not in _told(api, "one")[0]
    for value in ("2", "1"):
        options = {"buildargs": {"A": value}, "cache_from": ["one"]}
        said = text(build(api, context(source), tag="two", **options))
        assert client.file("two", "/a").strip() == value
        assert ("Running in" in said) == (value == "2")
