"""Archives without the layers that the other side has: ``save --since``."""

import asyncio
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import InvalidParameter, NotFound
from boxship.images.platform import host
from support.engines import Engine
from support.image_archives import Image, docker_archive, layer
from support.image_store import Store, opened
from support.requirements import require_root
from support.terminals import PROGRAM

HERE = host().architecture
SHELL = {"Cmd": ["/bin/sh"]}
BASE = Image([layer(bin_sh="#!", etc_base="x" * 50_000)], ["since-base:1"], HERE, SHELL)
NEW = Image([*BASE.layers, layer(etc_motd="hello")], ["since-new:1"], HERE, SHELL)


def run(root: Path, scenario: Callable[[Store], Awaitable[Any]]) -> Any:
    require_root()
    root.mkdir()

    async def main() -> Any:
        async with opened(root) as store:
            return await scenario(store)

    return asyncio.run(main())


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.tar"
    path.write_bytes(docker_archive(BASE, compression="gzip"))
    return path


@pytest.fixture
def rest(tmp_path: Path) -> Path:
    """The new image without the base's layers."""
    both = tmp_path / "both.tar"
    both.write_bytes(docker_archive(BASE, NEW, compression="gzip"))

    async def scenario(store: Store) -> bytes:
        await store.load(both)
        with pytest.raises(NotFound, match="No such image: nothing"):
            await store.save("since-new:1", since="nothing")
        return await store.save("since-new:1", since="since-base:1")

    path = tmp_path / "rest.tar"
    path.write_bytes(run(tmp_path / "first", scenario))
    return path


def test_only_what_is_new_is_sent(rest: Path) -> None:
    with tarfile.open(rest) as tar:
        names = tar.getnames()
        listed = json.load(tar.extractfile("manifest.json") or io.BytesIO())
    first, second = listed[0]["Layers"]
    assert first not in names and second in names
    assert rest.stat().st_size < 50_000


def test_it_loads_where_the_base_is_and_says_so_where_it_is_not(
    tmp_path: Path, base: Path, rest: Path
) -> None:
    async def scenario(store: Store) -> bytes:
        with pytest.raises(InvalidParameter, match="without the layers of since-base:1, which has"):
            await store.load(rest)
        assert store.files() == set()
        await store.load(base)
        await store.load(rest)
        return await store.save("since-new:1")

    whole = tmp_path / "whole.tar"
    whole.write_bytes(run(tmp_path / "second", scenario))
    with tarfile.open(whole) as tar:
        listed = json.load(tar.extractfile("manifest.json") or io.BytesIO())
        assert set(listed[0]["Layers"]) <= set(tar.getnames())
    assert "Since" not in listed[0]


@pytest.mark.needs_dockerd
def test_dockerd_that_has_the_base_loads_it(dockerd: Engine, base: Path, rest: Path) -> None:
    dockerd.docker("load", "-i", str(base))
    try:
        dockerd.docker("load", "-i", str(rest))
        found = dockerd.docker("image", "inspect", "since-new:1", "--format", "{{.Id}}").stdout
        assert found.strip() == NEW.id
        dockerd.docker("rmi", "since-new:1")
    finally:
        dockerd.docker("rmi", "since-base:1")


def test_the_command_line(boxship_daemon: Engine, tmp_path: Path, base: Path) -> None:
    both, out = tmp_path / "both.tar", tmp_path / "out.tar"
    both.write_bytes(docker_archive(BASE, NEW))
    boxship_daemon.docker("load", "-i", str(both))
    env = {**os.environ, "DOCKER_HOST": boxship_daemon.host}
    words = ("save", "--since", "since-base:1", "-o", str(out), "since-new:1")
    subprocess.run([*PROGRAM, *words], check=True, env=env, timeout=60)
    boxship_daemon.docker("rmi", "since-base:1", "since-new:1")
    refused = boxship_daemon.docker("load", "-i", str(out), check=False)
    assert "was saved without the layers of since-base:1" in refused.stderr
    boxship_daemon.docker("load", "-i", str(base))
    boxship_daemon.docker("load", "-i", str(out))
    boxship_daemon.docker("rmi", "since-base:1", "since-new:1")
