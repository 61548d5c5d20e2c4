"""Archives that travel between this engine and dockerd, skopeo and podman."""

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from boxship.api.filters import Filters
from boxship.images.platform import host
from support.engines import Engine
from support.image_archives import Image, docker_archive, layer
from support.image_store import Store, opened
from support.requirements import require_root, require_tool

HERE = host().architecture
SHELL = {"Cmd": ["/bin/sh"], "Env": ["A=b"], "Labels": {"x": "y"}}
ONE = Image(
    [layer(etc_hostname="x", bin_sh="#!")], ["trip:1", "reg.test:5000/a/trip:z"], HERE, SHELL
)
TWO = Image([*ONE.layers, layer(etc_motd="hello")], ["trip:2"], HERE, SHELL)


def run(root: Path, scenario: Callable[[Store], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with opened(root) as store:
            return await scenario(store)

    return asyncio.run(main())


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """What we save: two images that share a layer, under three names."""
    require_root()
    root = tmp_path / "first"
    root.mkdir()
    (tmp_path / "in.tar").write_bytes(docker_archive(ONE, TWO, compression="gzip"))

    async def scenario(store: Store) -> bytes:
        await store.load(tmp_path / "in.tar")
        return await store.save("trip", "reg.test:5000/a/trip:z")

    path = tmp_path / "ours.tar"
    path.write_bytes(run(root, scenario))
    return path


def load(tmp_path: Path, archive: Path) -> dict[str, str]:
    """Names and image IDs that a fresh store has after loading *archive*."""
    root = tmp_path / archive.stem
    root.mkdir()

    async def scenario(store: Store) -> dict[str, str]:
        await store.load(archive)
        return {name: row["Id"] for row in store.images.list(Filters()) for name in row["RepoTags"]}

    found: dict[str, str] = run(root, scenario)
    return found


EXPECTED = {name: image.id for image in (ONE, TWO) for name in image.names}


@pytest.mark.needs_dockerd
def test_dockerd_loads_ours_and_we_load_what_it_saves(
    tmp_path: Path, archive: Path, dockerd: Engine
) -> None:
    dockerd.docker("load", "-i", str(archive))
    try:
        shown = dockerd.docker("image", "inspect", *EXPECTED).stdout
        assert [row["Id"] for row in json.loads(shown)] == list(EXPECTED.values())
        back = tmp_path / "theirs.tar"
        dockerd.docker("save", "-o", str(back), *EXPECTED)
    finally:
        dockerd.docker("rmi", *EXPECTED)
    assert load(tmp_path, back) == EXPECTED


@pytest.mark.needs_dockerd
def test_we_describe_an_image_as_dockerd_does(
    tmp_path: Path, archive: Path, dockerd: Engine
) -> None:
    dockerd.docker("load", "-i", str(archive))
    try:
        theirs = json.loads(dockerd.docker("image", "inspect", "trip:2").stdout)[0]
        history = dockerd.docker("history", "--no-trunc", "--format", "{{json .}}", "trip:2").stdout
    finally:
        dockerd.docker("rmi", *EXPECTED)

    async def scenario(store: Store) -> Any:
        await store.load(archive)
        return store.images.inspect("trip:2"), store.images.history("trip:2")

    root = tmp_path / "ours"
    root.mkdir()
    ours, steps = run(root, scenario)
    for engine in (theirs, ours):
        # Where and when differ; the name of the storage driver does as well.
        del engine["GraphDriver"], engine["Metadata"]
    assert ours == theirs
    assert [json.loads(line)["CreatedBy"] for line in history.splitlines()] == [
        step["CreatedBy"] for step in steps
    ]


@pytest.mark.parametrize("source", ["docker-archive", "oci-archive"])
@pytest.mark.parametrize("target", ["docker-archive", "oci-archive"])
def test_skopeo_reads_ours_and_we_read_what_it_writes(
    tmp_path: Path, archive: Path, source: str, target: str
) -> None:
    require_tool("skopeo")
    name = "trip:2" if source == "docker-archive" else "2"
    copy = tmp_path / "copied.tar"
    command = ["skopeo", "--insecure-policy", "copy", "-q", f"{source}:{archive}:{name}"]
    subprocess.run([*command, f"{target}:{copy}:sk/opeo:1"], check=True)
    found = load(tmp_path, copy)
    assert list(found) == ["sk/opeo:1"]
    if source == target or target == "docker-archive":
        # Changing the format from Docker's to OCI's rewrites the configuration.
        assert found["sk/opeo:1"] == TWO.id


@pytest.mark.parametrize("form", ["docker-archive", "oci-archive"])
def test_podman_reads_ours_and_we_read_what_it_writes(
    tmp_path: Path, archive: Path, form: str
) -> None:
    require_tool("podman")
    podman = ["podman", "--root", f"{tmp_path}/p", "--runroot", f"{tmp_path}/r"]
    podman += ["--storage-driver", "vfs", "--events-backend", "none"]
    subprocess.run([*podman, "load", "-q", "-i", str(archive)], check=True, capture_output=True)
    copy = tmp_path / "podman.tar"
    save = [*podman, "save", "-q", "--format", form, "-o", str(copy), "localhost/trip:2"]
    subprocess.run(save, check=True, capture_output=True)
    found = load(tmp_path, copy)
    assert list(found) == ["localhost/trip:2"]
    if form == "docker-archive":
        assert found["localhost/trip:2"] == TWO.id
