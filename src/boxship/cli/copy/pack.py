"""Files of this machine as an archive for a container."""

from __future__ import annotations

import os
import stat

from boxship.archive.entry import KINDS, Entry, Kind
from boxship.archive.writer import TarWriter
from boxship.cli.errors import Failed
from boxship.cli.files import read_chunks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 256 * 1024


class Packer:
    """Iterates over the archive of *source*, whose own name in it is *name* ("" for contents)."""

    def __init__(self, source: str, name: str) -> None:
        self._source = os.fsencode(source)
        self._name = os.fsencode(name)
        self._links: dict[tuple[int, int], bytes] = {}
        self._pending: list[bytes] = []
        self._writer = TarWriter(self._pending.append)
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for path, name in self._walk(self._source, self._name):
            yield from self._member(path, name)
        self._writer.close()
        yield self._flush()

    def _walk(self, path: bytes, name: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Parents before children, names sorted."""
        yield path, name
        if stat.S_ISDIR(os.lstat(path).st_mode):
            for child in sorted(os.listdir(path)):
                inside = name + b"/" + child if name else child
                yield from self._walk(os.path.join(path, child), inside)

    def _member(self, path: bytes, name: bytes) -> Iterator[bytes]:
        status = os.lstat(path)
        kind = KINDS.get(stat.S_IFMT(status.st_mode))
        if kind is None:
            # Sockets have no place in archives.
            return
        entry = _entry(path, name, status, kind)
        first = self._links.setdefault((status.st_dev, status.st_ino), name)
        if kind is Kind.FILE and first != name:
            entry.kind, entry.link, entry.size = Kind.HARDLINK, first, 0
        if entry.kind is Kind.FILE and entry.size:
            yield from self._file(path, entry)
        else:
            self._writer.add(entry)
        if sum(map(len, self._pending)) > BATCH:
            yield self._flush()

    def _file(self, path: bytes, entry: Entry) -> Iterator[bytes]:
        """A large file is handed on piece by piece; the writer sees it through a generator."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            from boxship.archive.writer import header

            self._pending.append(header(entry))
            left = entry.size
            for chunk in read_chunks(descriptor):
                piece = chunk[:left]
                left -= len(piece)
                self._pending.append(piece)
                yield self._flush()
                if not left:
                    break
        finally:
            os.close(descriptor)
        if left:
            raise Failed(f"{os.fsdecode(path)} shrank while it was copied")
        self._pending.append(bytes(-entry.size % 512))

    def _flush(self) -> bytes:
        data = b"".join(self._pending)
        self._pending.clear()
        self.count += len(data)
        return data


def _entry(path: bytes, name: bytes, status: os.stat_result, kind: Kind) -> Entry:
    device = kind in (Kind.CHAR, Kind.BLOCK)
    return Entry(
        path=name,
        kind=kind,
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        mtime=status.st_mtime_ns,
        size=status.st_size if kind is Kind.FILE else 0,
        link=os.readlink(path) if kind is Kind.SYMLINK else b"",
        major=os.major(status.st_rdev) if device else 0,
        minor=os.minor(status.st_rdev) if device else 0,
    )
