"""Layers on disk: ``<root>/sha256/<hex of diff ID>/{layer.tar,index}``.

``layer.tar`` is the layer's uncompressed archive byte for byte, ``index`` an EROFS image that
points into it. Which layers there ought to be is the database's business.
"""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from boxship.base.digests import split_digest
from boxship.base.errors import Internal

TAR, INDEX = "layer.tar", "index"
_FILES = {TAR, INDEX}


@dataclass(frozen=True, slots=True)
class StagedLayer:
    """A layer that a worker has written to *directory* (``layer.tar`` and ``index``, nothing
    else), not yet part of the store. The fields are those of the worker's result
    (:class:`boxship.sandbox.workers.layer_sink.StoredLayer`), ``diff_id`` with its ``sha256:``.
    """

    diff_id: str
    directory: Path
    size: int
    stored: int
    index_digest: str
    opaque: bool = False


class LayerStore:
    """The directories below *root*, which is made when missing. Blocking, but only metadata."""

    def __init__(self, root: Path) -> None:
        self._root = root / "sha256"
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def directory(self, diff_id: str) -> Path:
        return self._root / split_digest(diff_id)[1]

    def tar(self, diff_id: str) -> Path:
        return self.directory(diff_id) / TAR

    def index(self, diff_id: str) -> Path:
        return self.directory(diff_id) / INDEX

    def __iter__(self) -> Iterator[str]:
        for name in os.listdir(self._root):
            yield f"sha256:{name}"

    def adopt(self, layer: StagedLayer) -> None:
        """Move a staged layer in; what is there already stays. Takes the files from their owner.

        The worker that wrote them worked on hostile data, so they are looked at first.
        """
        _take_over(layer.directory)
        try:
            os.rename(layer.directory, self.directory(layer.diff_id))
        except OSError:
            if not self.directory(layer.diff_id).is_dir():
                raise

    def delete(self, diff_id: str) -> None:
        """Remove a layer's files; mounts of it live on until they are closed."""
        shutil.rmtree(self.directory(diff_id), ignore_errors=True)

    def sweep(self, keep: Iterable[str]) -> None:
        """Remove every layer that is not in *keep*."""
        kept = set(keep)
        for diff_id in list(self):
            if diff_id not in kept:
                shutil.rmtree(self._root / diff_id.partition(":")[2], ignore_errors=True)


def _take_over(directory: Path) -> None:
    if set(os.listdir(directory)) != _FILES:
        raise Internal(f"{directory}: the worker left other files than a layer has")
    for path in (directory, *(directory / name for name in _FILES)):
        found = path.lstat()
        expected = stat.S_ISDIR if path is directory else stat.S_ISREG
        if not expected(found.st_mode) or (path is not directory and found.st_nlink != 1):
            raise Internal(f"{path}: the worker left something else than a layer's file")
        os.chown(path, 0, 0, follow_symlinks=False)
        path.chmod(0o700 if path is directory else 0o600)
