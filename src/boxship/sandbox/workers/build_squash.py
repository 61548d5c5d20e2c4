"""Several layers made into one that changes what lies below them as all of them do."""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from typing import Any

from boxship.archive import whiteout
from boxship.archive.entry import Entry, Kind
from boxship.archive.reader import TarReader
from boxship.sandbox.workers.build_target import Target
from boxship.sandbox.workers.compare import Below
from boxship.sandbox.workers.descriptor import chunks
from boxship.sandbox.workers.layer_sink import ChunkReader

_MARK = 0o600


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Write ``layer.tar`` to ``fds[0]`` and its index to ``fds[1]``; the layers' archives, files,
    follow, bottom first. *root* is the merged view of what lies below them, None for nothing.
    The answer is that of :mod:`boxship.sandbox.workers.build_layer`.
    """
    merged = _Merged(Below(root) if root is not None else None)
    for fd in fds[2:]:
        os.lseek(fd, 0, os.SEEK_SET)
        merged.add_layer(fd)
    target = Target(None, 0)
    with target.writing(fds[0], fds[1]):
        merged.write(target)
    return target.result()


class _Merged:
    """Paths to entries and the archive that holds their data; marks for what lies below."""

    def __init__(self, below: Below | None) -> None:
        self._below = below
        self._entries: dict[bytes, tuple[Entry, int]] = {}
        # By the path of a hard link: the file that it is another name of.
        self._files: dict[bytes, tuple[Entry, int]] = {}
        self._deleted: set[bytes] = set()
        self._opaque: set[bytes] = set()

    def add_layer(self, fd: int) -> None:
        entries = [*TarReader(ChunkReader(chunks(fd)).read)]
        # What a layer says of those below comes before what it has itself.
        for entry in entries:
            if whiteout.is_opaque(entry.path):
                directory = whiteout.split(entry.path)[0]
                self._forget_below(directory)
                self._opaque.add(directory)
            elif (path := whiteout.target(entry.path)) is not None:
                self._forget(path)
                self._deleted.add(path)
        for entry in entries:
            if entry.path and whiteout.PREFIX not in b"/" + whiteout.split(entry.path)[1][:4]:
                self._put(entry, fd)

    def _put(self, entry: Entry, fd: int) -> None:
        old = self._entries.get(entry.path)
        if old is not None and (old[0].kind is Kind.DIR) != (entry.kind is Kind.DIR):
            self._forget(entry.path)
        if entry.kind is Kind.DIR and entry.path in self._deleted:
            self._opaque.add(entry.path)
        self._deleted.discard(entry.path)
        self._entries.pop(entry.path, None)
        if entry.kind is Kind.HARDLINK:
            self._files[entry.path] = self._files.get(entry.link) or self._entries[entry.link]
        else:
            self._files.pop(entry.path, None)
        self._entries[entry.path] = (entry, fd)

    def _forget(self, path: bytes) -> None:
        self._entries.pop(path, None)
        self._opaque.discard(path)
        self._forget_below(path)

    def _forget_below(self, directory: bytes) -> None:
        inside = directory + b"/" if directory else b""
        for each in [path for path in self._entries if path.startswith(inside)]:
            del self._entries[each]
        for marks in (self._deleted, self._opaque):
            marks -= {path for path in marks if path.startswith(inside)}

    def write(self, target: Target) -> None:
        """Directories first, then everything in the order of its layers: links follow files."""
        for path in sorted(self._entries):
            entry, _ = self._entries[path]
            if entry.kind is Kind.DIR:
                target.raw(entry)
        for path in self._marked(self._opaque):
            target.raw(Entry(whiteout.opaque(path), Kind.FILE, _MARK))
        for path in self._marked(self._deleted):
            target.raw(Entry(whiteout.of(path), Kind.FILE, _MARK))
        names: dict[int, bytes] = {}
        for path, (entry, fd) in self._entries.items():
            if entry.kind is not Kind.DIR:
                file, where = self._files.get(path, (entry, fd))
                self._write_file(target, path, file, where, names)

    def _marked(self, paths: set[bytes]) -> list[bytes]:
        """Those that exist below: overlayfs shows marks that hide nothing."""
        below = self._below
        return [] if below is None else [path for path in sorted(paths) if below.has(path)]

    @staticmethod
    def _write_file(
        target: Target, path: bytes, file: Entry, fd: int, names: dict[int, bytes]
    ) -> None:
        """*file* as *path*: the first name that is left of it has its data."""
        first = names.setdefault(id(file), path)
        if first != path:
            target.raw(Entry(path, Kind.HARDLINK, link=first))
        else:
            target.raw(dataclasses.replace(file, path=path), _data(file, fd))


def _data(entry: Entry, fd: int) -> Iterator[bytes]:
    for _, offset, length in entry.extents:
        while length:
            piece = os.pread(fd, min(length, 1 << 20), offset)
            if not piece:
                return
            yield piece
            offset, length = offset + len(piece), length - len(piece)
