"""Tables of digests of files in directories that are built from again and again."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

# A table has 72 bytes a file; those that were not used for the longest time go first.
_MOST_TABLES = 64


class DigestTables:
    """Owns *root*; a table for each name. They may be lost at any time: then files are read."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextlib.contextmanager
    def table(self, name: str) -> Iterator[tuple[int, int]]:
        """Descriptors of the table *name* as it was, perhaps empty, and of an empty file that
        takes its place at the end, unless that is an exception."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = self._root / name
        fresh = self._root / f"{name}.{os.urandom(8).hex()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with contextlib.ExitStack() as stack:
            try:
                before = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                before = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
                self._make_room()
            stack.callback(os.close, before)
            now = os.open(fresh, flags, 0o600)
            stack.callback(os.close, now)
            try:
                yield before, now
                fresh.replace(place)
            finally:
                fresh.unlink(missing_ok=True)

    def _make_room(self) -> None:
        by_age = sorted((file.stat().st_mtime_ns, file) for file in self._root.iterdir())
        for _, file in by_age[: -_MOST_TABLES + 1]:
            file.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget everything."""
        with contextlib.suppress(FileNotFoundError):
            for file in self._root.iterdir():
                file.unlink(missing_ok=True)
