"""How long it takes to bring in an image of 10,000 small files and 200 MB, and to start from it."""

import functools
import hashlib
import io
import json
import random
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure, median, seconds
from support import busybox
from support.engines import Engine

FILES = 10_000
BIG = 200_000_000
_PIECE = 1_000_000


def _members() -> Iterator[tuple[str, bytes]]:
    chance = random.Random(7)
    for number in range(FILES):
        yield f"data/{number // 100:03}/{number:05}", chance.randbytes(chance.randrange(12_000))


def _write_rootfs(path: Path) -> None:
    """busybox, the small files, and one big one that compresses by half."""
    chance = random.Random(11)
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        with tarfile.open(fileobj=io.BytesIO(busybox.rootfs_tar())) as base:
            for member in base:
                tar.addfile(member, base.extractfile(member) if member.isfile() else None)
        for name, data in _members():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        info = tarfile.TarInfo("data/big")
        info.size = BIG
        half = chance.randbytes(_PIECE // 2) + bytes(_PIECE // 2)
        tar.addfile(info, io.BytesIO(half * (BIG // _PIECE)))


def _write_image(rootfs: Path, path: Path) -> None:
    with rootfs.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["true"], "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    texts = {
        "config.json": json.dumps(config),
        "manifest.json": json.dumps(
            [{"Config": "config.json", "RepoTags": ["bench-load:latest"], "Layers": ["layer.tar"]}]
        ),
    }
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        tar.add(rootfs, "layer.tar")
        for name, text in texts.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))


@functools.cache
def _directory() -> "tempfile.TemporaryDirectory[str]":
    """Holds the two archives; removed when the process ends."""
    directory = tempfile.TemporaryDirectory(prefix="bench-")
    _write_rootfs(Path(directory.name, "rootfs.tar"))
    _write_image(Path(directory.name, "rootfs.tar"), Path(directory.name, "image.tar"))
    return directory


def _best_of_three(engine: Engine, reference: str, *command: str) -> float:
    taken = []
    for _ in range(3):
        taken.append(seconds(lambda: engine.docker(*command, timeout=300)))
        engine.docker("rmi", "-f", reference, timeout=300)
    return min(taken)


def bring_in(engine: Engine) -> float:
    path = f"{_directory().name}/rootfs.tar"
    return _best_of_three(engine, "bench-import", "import", path, "bench-import")


def load(engine: Engine) -> float:
    return _best_of_three(engine, "bench-load", "load", "-i", f"{_directory().name}/image.tar")


def first_container(engine: Engine) -> float:
    """The first run from an image that was just loaded."""
    engine.docker("load", "-i", f"{_directory().name}/image.tar", timeout=300)
    try:
        run = ("run", "--rm", "--network", "none", "bench-load", "true")
        return seconds(lambda: engine.docker(*run))
    finally:
        engine.docker("rmi", "-f", "bench-load", timeout=300)


def read_small(engine: Engine) -> float:
    """Reading all small files in a container, from a warm cache."""
    engine.docker("load", "-i", f"{_directory().name}/image.tar", timeout=300)
    script = "cat /data/[0-9]*/* >/dev/null"
    try:
        run = ("run", "--rm", "--network", "none", "bench-load", "sh", "-c", script)
        return median(lambda: engine.docker(*run), times=5)
    finally:
        engine.docker("rmi", "-f", "bench-load", timeout=300)


FIGURES = [
    Figure("import 10,000 files + 200 MB", bring_in, 0.2),
    Figure("load the same", load, 1.0),
    Figure("first container from it", first_container, 0.25),
    Figure("read its small files, hot", read_small),
]
