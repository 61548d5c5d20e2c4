"""The layer that a step makes: entries in order, with the directories above them as they are below.

Paths are relative and clean. Nothing is written to the tree below; it is only asked what it has.
"""

import contextlib
import dataclasses
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from io import FileIO
from typing import Any

from boxship.archive.entry import Entry, Kind
from boxship.archive.erofs import IndexBuilder
from boxship.archive.errors import TarError
from boxship.archive.whiteout import PREFIX
from boxship.archive.writer import TarWriter
from boxship.base.errors import InvalidParameter
from boxship.sandbox.workers import lookup, members
from boxship.sandbox.workers.build_owner import Owner
from boxship.sandbox.workers.pack import placed
from boxship.sandbox.workers.sink import Sink

_DIRECTORY = 0o755


def join(directory: bytes, name: bytes) -> bytes:
    return directory + b"/" + name if directory and name else directory or name


class Target:
    """*below* is the merged view of the layers below, None when they do not matter; *now* the time
    of what is made here."""

    def __init__(self, below: int | None, now: int) -> None:
        self._below = below
        self.now = now
        self._kinds: dict[bytes, Kind] = {}
        # What is not below: neither is anything in it.
        self._absent: set[bytes] = set()
        self._links: dict[tuple[int, int], tuple[bytes, Owner]] = {}
        self._made: dict[bytes, Entry] = {}
        self._dates: dict[bytes, int] = {}
        self._content = 0
        self._index_digest = ""
        self._opaque = False
        self._index = IndexBuilder()

    @contextlib.contextmanager
    def writing(self, archive: int, index: int) -> Iterator[None]:
        """Entries go to *archive*, a file; its index to *index* at the end."""
        with contextlib.closing(Sink(archive, hashed=True)) as self._sink:
            self._writer = TarWriter(self._sink.write)
            try:
                yield
            except TarError as error:
                raise InvalidParameter(str(error)) from None
            self._writer.close()
            self._sink.flush()
            with os.fdopen(os.dup(index), "w+b", 0) as out:
                self._write_index(out, archive)

    def _write_index(self, out: FileIO, archive: int) -> None:
        stats = self._index.write(
            out, self._sink.size, lambda offset, length: os.pread(archive, length, offset)
        )
        out.seek(0)
        self._index_digest = hashlib.file_digest(out, "sha256").hexdigest()
        self._opaque = stats.root_opaque

    def result(self) -> dict[str, Any]:
        return {
            "digest": self._sink.digest(),
            "size": self._content,
            "stored": self._sink.size,
            "index_digest": self._index_digest,
            "opaque": self._opaque,
            "entries": len(self._kinds),
        }

    # looking

    def resolve(self, path: bytes) -> bytes:
        """Where *path* leads below, links followed as far as they exist."""
        if self._below is None:
            return lookup.clean(path).strip(b"/")
        return lookup.follow(self._below, path).strip(b"/")

    def is_dir(self, path: bytes) -> bool:
        return not path or self._kind(path) is Kind.DIR

    def _kind(self, path: bytes) -> Kind | None:
        """What is at *path* in this layer, or below it."""
        known = self._kinds.get(path)
        if known is not None or self._below is None:
            return known
        is_absent = path.rpartition(b"/")[0] in self._absent
        node = None if is_absent else lookup.open_exactly(self._below, path)
        if node is None:
            self._absent.add(path)
            return None
        try:
            mode = os.fstat(node).st_mode
        finally:
            os.close(node)
        if stat.S_ISDIR(mode):
            return Kind.DIR
        return Kind.SYMLINK if stat.S_ISLNK(mode) else Kind.FILE

    # making

    def directories(
        self, path: bytes, owner: Owner, last: int = _DIRECTORY, mtime: int | None = None
    ) -> None:
        """Make *path*, with the mode *last*, and what is missing above it; what exists stays as it
        is, but for the *mtime* (nanoseconds since 1970) of *path*."""
        # Without a look at what is below, a directory above is likely one that is there.
        above = owner if self._below is not None else Owner(0, 0)
        missing: list[tuple[bytes, Kind | None]] = []
        place = path
        while place and self._kinds.get(place) is not Kind.DIR:
            kind = self._kind(place)
            if kind is not None and kind is not Kind.DIR:
                raise InvalidParameter(f"cannot copy to non-directory: /{lookup.text(place)}")
            missing.append((place, kind))
            place = place.rpartition(b"/")[0]
        for place, kind in reversed(missing):
            if kind is Kind.DIR:
                entry = self._repeated(place)
            else:
                mode, whose = (last, owner) if place == path else (_DIRECTORY, above)
                entry = Entry(place, Kind.DIR, mode, *whose.ids(0, 0), self.now)
            if mtime is not None and place == path:
                entry.mtime = mtime
            self._add_directory(entry)

    def _add_directory(self, entry: Entry) -> None:
        self._made[entry.path] = entry
        self._add(entry)

    def date(self, path: bytes, mtime: int) -> None:
        """Let *path*, a directory that has been made or repeated and is filled, be as old as that,
        unless more is put into it."""
        self._dates[path] = mtime

    def settle(self) -> None:
        """There will be no more entries."""
        for path, mtime in [*self._dates.items()]:
            entry = self._made.get(path)
            if entry is not None and entry.mtime != mtime:
                self._add_directory(dataclasses.replace(entry, mtime=mtime))

    def _repeated(self, path: bytes) -> Entry:
        """A directory that is below, as it is there: the layer's own would hide its attributes."""
        assert self._below is not None
        node = lookup.open_exactly(self._below, path)
        assert node is not None
        try:
            entry = members.entry_of(path, node, os.fstat(node))
            assert entry is not None
            entry.xattrs = self._attributes(node)
            return entry
        finally:
            os.close(node)

    @staticmethod
    def _attributes(node: int) -> dict[str, bytes]:
        fd = members.open_directory(node)
        try:
            return members.xattrs(fd)
        finally:
            os.close(fd)

    def like(self, path: bytes, node: int, status: os.stat_result, owner: Owner) -> None:
        """A directory with the attributes of *node*, whether it exists or not."""
        if not path:
            return
        self._make_room(path, is_dir=True)
        self.directories(path.rpartition(b"/")[0], owner)
        entry = members.entry_of(path, node, status)
        assert entry is not None
        entry.xattrs = self._attributes(node)
        self._dress(entry, owner, True)
        self._add(entry)

    def copy(self, path: bytes, node: int, status: os.stat_result, owner: Owner) -> None:
        """The object *node*, which is no directory, as *path*; sockets are left out."""
        entry = members.entry_of(path, node, status)
        if entry is None:
            return
        self._dress(entry, owner, False)
        inode = (status.st_dev, status.st_ino)
        has_others = status.st_nlink > 1
        first = self._links.get(inode) if has_others else None
        if first is not None and first[1] == owner and self._kinds.get(first[0]) is Kind.FILE:
            entry.kind, entry.link = Kind.HARDLINK, first[0]
            self.file(entry, iter(()), owner)
            return
        if entry.kind is not Kind.FILE:
            self.file(entry, iter(()), owner)
            return
        if has_others:
            self._links[inode] = (path, owner)
        fd = members.open_data(node)
        try:
            members.add_data(entry, fd)
            self.file(entry, members.body(entry, fd), owner)
        finally:
            os.close(fd)

    def unpacked(self, place: bytes, entry: Entry, body: Iterator[bytes]) -> None:
        """A member of an archive, which keeps its own owner and mode, below *place*."""
        path = join(place, entry.path)
        entry.path = path
        if entry.kind is Kind.HARDLINK:
            entry.link = join(place, entry.link)
        entry.xattrs = {k: v for k, v in entry.xattrs.items() if members.is_kept(k)}
        if entry.kind is Kind.DIR:
            if self._kind(path) not in (None, Kind.DIR):
                self._forget(path)
            self.directories(path.rpartition(b"/")[0], Owner(0, 0))
            self._add(entry)
        else:
            self.file(entry, body, Owner(0, 0), replace=True)

    def file(
        self, entry: Entry, body: Iterator[bytes], owner: Owner, replace: bool = False
    ) -> None:
        """An entry that is no directory, with what is missing above it."""
        if not replace:
            self._make_room(entry.path, is_dir=False)
        self.directories(entry.path.rpartition(b"/")[0], owner)
        self._add(entry, body)

    def _dress(self, entry: Entry, owner: Owner, is_dir: bool) -> None:
        entry.uid, entry.gid = owner.ids(entry.uid, entry.gid)
        if entry.kind is not Kind.SYMLINK:
            entry.mode = owner.mode(entry.mode, is_dir)

    def _make_room(self, path: bytes, is_dir: bool) -> None:
        """A directory takes no other thing's place, nor the other way round."""
        kind = self._kind(path)
        if kind is None or (kind is Kind.DIR) == is_dir:
            return
        shown = "/" + lookup.text(path)
        if is_dir:
            raise InvalidParameter(f"cannot copy to non-directory: {shown}")
        raise InvalidParameter(f"cannot replace to directory {shown} with file")

    def _forget(self, path: bytes) -> None:
        self._kinds.pop(path, None)

    def _add(self, entry: Entry, body: Iterable[bytes] = ()) -> None:
        directory, _, name = entry.path.rpartition(b"/")
        if directory in self._dates:
            self._dates[directory] = self.now
        if name.startswith(PREFIX):
            raise InvalidParameter(f"{lookup.text(entry.path)}: names may not begin with .wh.")
        self.raw(entry, body)

    def raw(self, entry: Entry, body: Iterable[bytes] = ()) -> None:
        """An entry as it is: the caller knows what else there is. Marks of deletions are such."""
        self._writer.add(entry, body)
        if entry.kind is Kind.FILE:
            entry.extents = placed(entry, self._sink.size)
            self._content += entry.size
        elif entry.kind is Kind.SYMLINK:
            self._content += len(entry.link)
        self._index.add(entry)
        self._kinds[entry.path] = entry.kind
