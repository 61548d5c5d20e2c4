"""Directories for work in flight, and the way from them into the store."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from boxship.archive.entry import Kind
from boxship.archive.reader import open_file
from boxship.base.trees import remove_tree
from boxship.images.durability import file_digest
from boxship.images.layers import INDEX, TAR, StagedLayer

_RESERVE = 256 << 20  # bytes of the disk that archives must leave alone


class Staging:
    """Makes directories below *root*, on the file system of the layers."""

    def __init__(self, root: Path) -> None:
        self.root = self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def directory(self) -> Iterator[Path]:
        """A new empty directory, removed with all that is left in it afterwards."""
        path = self._root / secrets.token_hex(8)
        path.mkdir(mode=0o700)
        try:
            yield path
        finally:
            try:
                # Most have nothing left in them.
                os.rmdir(path)
            except OSError:
                remove_tree(path)

    def sweep(self) -> None:
        """Remove what an earlier daemon left behind."""
        for leftover in self._root.iterdir():
            remove_tree(leftover)

    def room(self) -> int:
        """How many bytes an archive may unpack to."""
        disk = os.statvfs(self._root)
        return max(disk.f_bavail * disk.f_frsize - _RESERVE, 0)


def staged(directory: Path, stored: dict[str, Any]) -> StagedLayer | None:
    """What a worker said of a layer that it stored below *directory*; None if it stored none."""
    where = stored["directory"]
    if where is None:
        return None
    diff_id = f"sha256:{stored['diff_id']}"
    return written(directory / Path(where).name, {**stored, "digest": diff_id})


def written(directory: Path, told: dict[str, Any]) -> StagedLayer:
    """What a worker told of the layer that it wrote into *directory*."""
    return StagedLayer(
        told["digest"],
        directory,
        told["size"],
        told["stored"],
        told["index_digest"],
        told["opaque"],
    )


def measure(directory: Path, diff_id: str) -> StagedLayer:
    """A layer of our own making in *directory*: looks up what its maker did not count. Blocking."""
    size = 0
    with open(directory / TAR, "rb") as tar:
        for entry in open_file(tar):
            if entry.kind is Kind.FILE:
                size += entry.size
            elif entry.kind is Kind.SYMLINK:
                size += len(entry.link)
    stored = (directory / TAR).stat().st_size
    return StagedLayer(diff_id, directory, size, stored, file_digest(directory / INDEX))
