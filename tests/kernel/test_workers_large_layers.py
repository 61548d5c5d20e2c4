"""Layers that are large enough for their digest to have a thread of its own."""

import errno
import hashlib
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxship.kernel import mount
from boxship.sandbox.workers import WORKERS
from boxship.sandbox.workers.digest_beside import PIECE, Digest
from boxship.sandbox.workers.sink import CACHED
from support.requirements import require_root
from support.waiting import eventually
from support.workers import in_child, private_mounts

_NOBODY = 65534
_ROOM = 10 << 20
_COPY: dict[str, Any] = {
    "do": "copy",
    "source": 0,
    "paths": [{"text": "/", "parts": []}],
    "target": "/",
    "required": True,
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Thirty megabytes: more than what memory keeps of a layer."""
    require_root()
    found = tmp_path / "tree"
    found.mkdir()
    for number in range(5):
        (found / f"file{number}").write_bytes(os.urandom(1) * (6_000_000 + number))
    return found


def _layer(worker: str, tree: Path, place: Path) -> dict[str, Any]:
    """What *worker* says of the layer that it makes of *tree*, in *place*."""
    flags = os.O_RDWR | os.O_CREAT
    source = os.open(tree, os.O_PATH)
    out, index = (os.open(place / name, flags) for name in ("layer.tar", "index"))
    fds = [source, out, index] if worker == "diff" else [out, index, source]
    return WORKERS[worker](None, {"actions": [_COPY], "link": True, "now": 0}, fds)


def _small_disk(place: Path) -> None:
    private_mounts()
    mount.mount("tmpfs", str(place), "tmpfs", 0, f"size={_ROOM}")


def _small_files(place: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (_ROOM, _ROOM))


@pytest.mark.parametrize("worker", ["diff", "build_layer"])
def test_the_digest_is_that_of_the_archive(worker: str, tree: Path, tmp_path: Path) -> None:
    made = in_child(lambda: _layer(worker, tree, tmp_path))
    data = (tmp_path / "layer.tar").read_bytes()
    assert made["digest"] == "sha256:" + hashlib.sha256(data).hexdigest()
    assert made.get("stored", made["size"]) == len(data) > 30_000_000 > CACHED


@pytest.mark.parametrize("worker", ["diff", "build_layer"])
@pytest.mark.parametrize(
    ("limit", "number"), [(_small_disk, errno.ENOSPC), (_small_files, errno.EFBIG)]
)
def test_what_does_not_fit_is_an_error_and_the_thread_ends(
    worker: str, limit: Callable[[Path], None], number: int, tree: Path, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir()

    def failing() -> list[object]:
        limit(place)
        with pytest.raises(OSError, match=os.strerror(number)) as found:
            _layer(worker, tree, place)
        # A thread that has no more to do is still there for a moment.
        eventually(lambda: len(os.listdir("/proc/self/task")) == 1)
        return [found.value.errno, (place / "layer.tar").stat().st_size > 5 * PIECE]

    assert in_child(failing) == [number, True]


def test_where_no_thread_can_begin_the_digest_is_the_same() -> None:
    require_root()
    pieces = [bytes((number,)) * PIECE for number in range(8)]

    def digested() -> list[object]:
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        digest = Digest()
        for piece in pieces:
            digest.update(piece)
        return [len(os.listdir("/proc/self/task")), digest.hexdigest()]

    assert in_child(digested) == [1, hashlib.sha256(b"".join(pieces)).hexdigest()]
