"""Build caches that travel: between two daemons over a registry, a directory, and in images."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines
from support.buildkit_client import Client, client_in
from support.debian_registry import Registry, registry
from support.hub import PASSWORD, RunningHub, hub_beside
from support.served import publish_repository, serving

_PORT, _HUB_PORT, _FILES_PORT = 5011, 5012, 5014
# What the first stage makes is another thing each time: who runs it again gets another image.
_DOCKERFILE = """\
FROM busybox AS make
COPY source /source
RUN cat /source > /made && head -c 16 /dev/urandom > /random
FROM busybox
ENV A=1
COPY --from=make /made /random /
RUN --mount=from=make,target=/m cp /m/source /copied
"""


@pytest.fixture(scope="module")
def other() -> Iterator[engines.Engine]:
    """A second daemon, with nothing but the base image."""
    with engines.running("boxship") as engine:
        yield engine


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry")


@pytest.fixture(scope="module")
def store(
    boxship_daemon: engines.Engine, other: engines.Engine, storage: Path
) -> Iterator[Registry]:
    """One registry, beside either daemon."""
    with (
        registry(boxship_daemon.pid, storage, port=_PORT) as found,
        registry(other.pid, storage, port=_PORT),
    ):
        yield found


@pytest.fixture
def here(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Client]:
    with client_in(boxship_daemon, tmp_path) as client:
        client.write(Dockerfile=_DOCKERFILE, source="of the context")
        yield client


@pytest.fixture
def there(other: engines.Engine, here: Client) -> Iterator[Client]:
    """A client of the other daemon with the same context."""
    root = here.directory.parent / "there"
    root.mkdir()
    with client_in(other, root) as client:
        client.write(Dockerfile=_DOCKERFILE, source="of the context")
        yield client
    other.docker("builder", "prune", "-af")


def _steps(said: str) -> dict[str, bool]:
    """Of what a build has said: its steps, and whether they were cached."""
    names = {
        line.split()[0]: line.partition("] ")[2]
        for line in said.splitlines()
        if line.startswith("#") and _STEP.search(line) and "] FROM" not in line
    }
    cached = {line.split()[0] for line in said.splitlines() if line.endswith(" CACHED")}
    return {name: number in cached for number, name in names.items()}


_STEP = re.compile(r"^#\d+ \[(?:\S+ )*\d+/\d+\] ")


def _random(client: Client, image: str) -> str:
    return client.docker("run", "--rm", image, "od", "-x", "/random")


_ALL_CACHED = {
    "COPY source /source": True,
    "RUN cat /source > /made && head -c 16 /dev/urandom > /random": True,
    "COPY --from=make /made /random /": True,
    "RUN --mount=from=make,target=/m cp /m/source /copied": True,
}


@pytest.mark.parametrize(
    "attributes",
    [
        "mode=max",
        "mode=min",
        "mode=max,image-manifest=false",
        "image-manifest=false,oci-mediatypes=false",
    ],
)
def test_over_a_registry(here: Client, there: Client, store: Registry, attributes: str) -> None:
    cache = f"type=registry,ref={store.host}/cache/it:{attributes.count(',')}"
    said = here.docker("build", "-t", "t:1", "--cache-to", f"{cache},{attributes}", ".")
    assert "exporting cache to registry" in said and "writing cache manifest" in said
    said = there.docker("build", "-t", "t:1", "--cache-from", cache, ".")
    assert _steps(said) == _ALL_CACHED
    assert _random(there, "t:1") == _random(here, "t:1")
    assert there.file("t:1", "/copied") == "of the context"
    # The other stage's layers are nobody's business unless they are asked for; one is the same.
    manifest = json.loads(
        store.curl(
            f"/v2/cache/it/manifests/{attributes.count(',')}",
            *("-H", "Accept: application/vnd.oci.image.manifest.v1+json"),
            *("-H", "Accept: application/vnd.oci.image.index.v1+json"),
            *("-H", "Accept: application/vnd.docker.distribution.manifest.list.v2+json"),
        )
    )
    rows = manifest.get("layers") or manifest["manifests"][:-1]
    assert len(rows) == (3 if "mode=max" in attributes else 2)


def test_a_change_is_seen_through_a_cache(here: Client, there: Client, store: Registry) -> None:
    cache = f"type=registry,ref={store.host}/cache/changed"
    here.docker("build", "-t", "t:2", "--cache-to", f"{cache},mode=max", ".")
    there.write(source="another")
    said = there.docker("build", "-t", "t:2", "--cache-from", cache, ".")
    assert set(_steps(said).values()) == {False}
    assert there.file("t:2", "/copied") == "another"
    assert _random(there, "t:2") != _random(here, "t:2")


def test_in_a_directory(here: Client, there: Client) -> None:
    directory = here.directory.parent / "kept"
    here.docker("build", "-t", "t:3", "--cache-to", f"type=local,mode=max,dest={directory}", ".")
    index = json.loads((directory / "index.json").read_text())
    assert len(index["manifests"]) == 1
    said = there.docker("build", "-t", "t:3", "--cache-from", f"type=local,src={directory}", ".")
    assert _steps(said) == _ALL_CACHED
    assert _random(there, "t:3") == _random(here, "t:3")
    # What was borrowed can be lent in turn; nothing is compressed again, so it is the same.
    again = here.directory.parent / "again"
    words = ["--cache-from", f"type=local,src={directory}"]
    there.docker("build", *words, "--cache-to", f"type=local,mode=max,dest={again}", ".")
    blobs = [sorted(p.name for p in (d / "blobs/sha256").iterdir()) for d in (directory, again)]
    layers = {
        row["digest"].partition(":")[2]
        for row in json.loads((again / "blobs/sha256" / _digest(again)).read_text())["layers"]
    }
    assert layers <= set(blobs[0]) & set(blobs[1])


def _digest(directory: Path) -> str:
    index = json.loads((directory / "index.json").read_text())
    return str(index["manifests"][0]["digest"]).partition(":")[2]


def test_in_the_image_itself(here: Client, there: Client, store: Registry) -> None:
    image = f"{store.host}/with/cache"
    here.docker("build", "--push", "-t", image, "--cache-to", "type=inline", ".")
    said = there.docker("build", "-t", "t:4", "--cache-from", image, ".")
    assert _steps(said) == _ALL_CACHED
    assert _random(there, "t:4") == _random(here, image)
    # An image that is here already serves as well.
    there.docker("rmi", "t:4")
    there.docker("builder", "prune", "-af")
    there.docker("pull", "-q", image)
    assert _steps(there.docker("build", "--cache-from", image, ".")) == _ALL_CACHED


def test_a_cache_is_lent_to_those_alone_who_ask_for_it(here: Client, there: Client) -> None:
    directory = here.directory.parent / "kept"
    here.docker("build", "--cache-to", f"type=local,mode=max,dest={directory}", ".")
    there.docker("build", "--cache-from", f"type=local,src={directory}", ".")
    assert set(_steps(there.docker("build", ".")).values()) == {False}
    said = there.docker("build", "--no-cache", "--cache-from", f"type=local,src={directory}", ".")
    assert set(_steps(said).values()) == {False}


@pytest.mark.parametrize("damage", ["layer", "config"])
def test_a_damaged_cache_is_no_cache(here: Client, there: Client, damage: str) -> None:
    directory = here.directory.parent / "kept"
    here.docker("build", "--cache-to", f"type=local,mode=max,dest={directory}", ".")
    manifest = json.loads((directory / "blobs/sha256" / _digest(directory)).read_text())
    rows = manifest["layers"] if damage == "layer" else [manifest["config"]]
    for row in rows:
        blob = directory / "blobs/sha256" / row["digest"].partition(":")[2]
        data = bytearray(blob.read_bytes())
        data[len(data) // 2] ^= 0xFF
        blob.chmod(0o644)
        blob.write_bytes(data)
    said = there.docker("build", "-t", "t:5", "--cache-from", f"type=local,src={directory}", ".")
    assert not _steps(said)["RUN --mount=from=make,target=/m cp /m/source /copied"]
    assert there.file("t:5", "/copied") == "of the context"


def test_caches_of_other_kinds(here: Client) -> None:
    said = here.docker("build", "--cache-to", "type=azblob,name=x", ".", fails=True)
    assert 'unknown cache exporter: "azblob"' in said
    said = here.docker("build", "--cache-from", "type=azblob,name=x", ".")
    assert "importing cache manifest from azblob" in said
    nowhere = "type=registry,ref=127.0.0.1:1/x"
    assert "connection refused" in here.docker("build", "--cache-to", nowhere, ".", fails=True)
    here.docker("build", "--cache-to", f"{nowhere},ignore-error=true", ".")
    said = here.docker("build", "--cache-to", f"{nowhere},mode=some", ".", fails=True)
    assert "invalid cache mode: some" in said


def test_with_our_own_hub(
    boxship_daemon: engines.Engine,
    other: engines.Engine,
    here: Client,
    there: Client,
    tmp_path: Path,
) -> None:
    hub = RunningHub(tmp_path / "hub")
    hub.add_user("alice")
    with (
        hub_beside(boxship_daemon.pid, hub.root, port=_HUB_PORT) as address,
        hub_beside(other.pid, hub.root, port=_HUB_PORT),
    ):
        for client in (here, there):
            words = ["login", "-u", "alice", "--password-stdin", address]
            client.docker(*words, stdin=PASSWORD.encode())
        cache = f"type=registry,ref={address}/alice/cache"
        here.docker("build", "-t", "t:6", "--cache-to", f"{cache},mode=max", ".")
        said = there.docker("build", "-t", "t:6", "--cache-from", cache, ".")
        assert _steps(said) == _ALL_CACHED
        # buildx itself speaks with the hub as well.
        image = f"{address}/alice/image"
        here.write(Dockerfile="FROM scratch\nCOPY source /\n")
        words = ["--platform", "linux/amd64,linux/arm64", "--push", "-t", f"{image}:1"]
        here.docker("buildx", "build", *words, ".")
        _imagetools(here, boxship_daemon.pid, "create", "-t", f"{image}:2", f"{image}:1")
        shown = _imagetools(here, boxship_daemon.pid, "inspect", f"{image}:2")
        assert "linux/amd64" in shown and "linux/arm64" in shown
        there.docker("pull", "-q", f"{image}:2")
    hub.close()


def _imagetools(client: Client, pid: int, *words: str) -> str:
    done = subprocess.run(
        ["nsenter", "-t", str(pid), "-n", "docker", "buildx", "imagetools", *words],
        env=client.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_stages_on_top_of_stages_are_spared(here: Client, there: Client) -> None:
    source = (
        "FROM busybox AS a\nRUN head -c 8 /dev/urandom > /x\nFROM a AS b\nRUN cat /x > /y\n"
        "FROM busybox\nCOPY --from=b /y /random\n"
    )
    directory = here.directory.parent / "kept"
    for client in (here, there):
        client.write(Dockerfile=source)
    here.docker("build", "-t", "t:7", "--cache-to", f"type=local,dest={directory}", ".")
    assert len([*(directory / "blobs/sha256").iterdir()]) == 3  # a layer, config and manifest
    said = there.docker("build", "-t", "t:7", "--cache-from", f"type=local,src={directory}", ".")
    assert set(_steps(said).values()) == {True}
    assert _random(there, "t:7") == _random(here, "t:7")


def test_stages_with_files_from_elsewhere_are_spared_as_long_as_these_are_the_same(
    here: Client, there: Client, tmp_path: Path
) -> None:
    files = tmp_path / "served"
    (files / "work").mkdir(parents=True)
    (files / "f").write_text("first")
    (files / "work" / "g").write_text("of git")
    publish_repository(files / "work")
    site = f"http://127.0.0.1:{_FILES_PORT}"
    text = (
        f"FROM busybox AS make\nADD {site}/f /f\nADD {site}/repo.git /repo\n"
        "RUN head -c 16 /dev/urandom > /random\nFROM busybox\nCOPY --from=make /random /f /\n"
    )
    cache = here.directory / "cache"
    with serving(here.engine, files, _FILES_PORT), serving(there.engine, files, _FILES_PORT):
        here.write(Dockerfile=text)
        there.write(Dockerfile=text)
        here.docker("build", "-t", "t:1", "--cache-to", f"type=local,dest={cache},mode=min", ".")
        borrow = ("build", "-t", "t:1", "--cache-from", f"type=local,src={cache}", ".")
        said = there.docker(*borrow)
        assert all(_steps(said).values()) and "COPY --from=make /random /f /" in _steps(said)
        assert _random(there, "t:1") == _random(here, "t:1")
        (files / "f").write_text("second")
        said = there.docker(*borrow)
        assert not _steps(said)["COPY --from=make /random /f /"]
        assert there.file("t:1", "/f") == "second"


def test_a_stage_that_begins_late_may_fail_first(here: Client) -> None:
    directory = here.directory.parent / "kept"
    here.docker("build", "--cache-to", f"type=local,dest={directory}", ".")
    here.write(
        Dockerfile="FROM busybox AS slow\nRUN sleep 1000\nFROM busybox AS bad\nRUN exit 7\n"
        "FROM busybox\nCOPY --from=slow /etc/passwd /a\nCOPY --from=bad /etc/passwd /b\n"
    )
    words = ["--cache-from", f"type=local,src={directory}"]
    assert "exit code: 7" in here.docker("build", *words, ".", fails=True)
    assert here.docker("ps", "-aq") == ""
