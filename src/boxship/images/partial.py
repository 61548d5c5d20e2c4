"""Blobs that are still arriving. What came before a failure is there for the next attempt, after a
restart of the daemon too.

A file holds the blob's first bytes, unverified; the digest is checked once it is complete.
"""

import hashlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

from boxship.base.digests import split_digest
from boxship.base.errors import InvalidParameter

_PIECE = 1 << 20
_KEPT = 7 * 24 * 3600  # seconds that nobody asks for the rest


class Partials:
    """Owns the files in *root*, which is made when missing. Blocking."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def open(self, digest: str) -> "Partial":
        """One owner at a time, who closes it."""
        return Partial(self._path(digest), digest)

    def publish(self, digest: str, final: Path) -> bool:
        """Move a verified blob to its place, unsynced; whether it is there afterwards."""
        if final.exists():
            self._path(digest).unlink(missing_ok=True)
            return True
        try:
            os.rename(self._path(digest), final)
        except FileNotFoundError:
            return False
        return True

    def _path(self, digest: str) -> Path:
        algorithm, hexa = split_digest(digest)
        return self._root / f"{algorithm}-{hexa}"

    def sweep(self) -> None:
        """Remove what has waited too long."""
        for path in self._root.iterdir():
            if path.stat().st_mtime < time.time() - _KEPT:
                path.unlink()


class Partial:
    """One blob; bytes are only ever added at its end."""

    def __init__(self, path: Path, digest: str) -> None:
        self._path = path
        self._digest = digest
        self._file = open(path, "a+b", buffering=0)
        self._hash = hashlib.new(split_digest(digest)[0])
        self.size = os.fstat(self._file.fileno()).st_size

    def reader(self) -> int:
        """A descriptor to read the file with, which is the caller's."""
        return os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)

    def recall(self) -> None:
        """Take in what is there already. Before anything is added."""
        offset = 0
        while piece := os.pread(self._file.fileno(), _PIECE, offset):
            offset += len(piece)
            self._hash.update(piece)

    def write(self, chunks: Iterable[bytes]) -> None:
        for chunk in chunks:
            self._hash.update(chunk)
            view = memoryview(chunk)
            while view:
                view = view[self._file.write(view) :]
            self.size += len(chunk)

    def restart(self) -> None:
        """Begin at the blob's first byte again."""
        self._file.truncate(0)
        self._hash = hashlib.new(self._hash.name)
        self.size = 0

    def verify(self, size: int) -> None:
        """:class:`InvalidParameter`, and nothing kept, when it is not the blob."""
        found = f"{self._hash.name}:{self._hash.hexdigest()}"
        if found != self._digest or self.size != size:
            self.discard()
            raise InvalidParameter(
                f"filesystem layer verification failed for digest {self._digest}"
            )

    def discard(self) -> None:
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        self._file.close()
