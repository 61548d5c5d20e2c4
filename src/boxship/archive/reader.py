"""Reads archives from forward-only streams: v7, ustar, GNU and PAX, sparse members included.

Written against hostile input: every member's path is relative and clean, memory is bounded by
constants, and whatever is malformed raises :class:`TarError`. Like dockerd, global PAX headers are
passed over, other unknown types refused, and bytes behind the end marker are not looked at.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import BinaryIO

from boxship.archive import pax, sparse
from boxship.archive.entry import Entry, Kind
from boxship.archive.errors import TarError
from boxship.archive.headers import BLOCK, ZERO, Header, parse
from boxship.archive.numbers import decimal, timestamp
from boxship.archive.paths import clean, shown
from boxship.archive.stream import Source

MAX_META = 1 << 20  # bytes of one PAX header or long name
_MAX_META_RUN = 16  # of them before one member
_MAX_ID = 0xFFFFFFFE
_MAX_SIZE = (1 << 63) - 1
_MAX_DEVICE = 0xFFFFFFFF
_FILES = b"0\0007S"
_KINDS = {bytes([flag]): Kind.FILE for flag in _FILES}
_KINDS |= {kind.value: kind for kind in Kind} | {b"D": Kind.DIR}
_IGNORED = b"gV"
_META = b"xXLK"


class TarReader:
    """Iterates over the members of one archive.

    *read* returns at most the asked number of bytes, and ``b""`` only at the end; it is called
    ahead of need. *skip*, for seekable sources, moves on by that many bytes and returns how many
    there were. The reader owns neither. Extents count from the first byte that *read* returned.
    """

    def __init__(
        self, read: Callable[[int], bytes], skip: Callable[[int], int] | None = None
    ) -> None:
        self._source = Source(read, skip)
        self._path = b""
        self._left = 0
        self._padding = 0
        self._ended = False
        #: Bytes of padding that the archive lacks at its end.
        self.missing = 0

    def __iter__(self) -> Iterator[Entry]:
        return self

    def __next__(self) -> Entry:
        if self._left:
            self._source.discard(self._left, self._where())
            self._left = 0
        if self._padding:
            # Go's archive/tar takes the end of the stream within the padding for the archive's end;
            # Docker's classic client sends such an archive for a Dockerfile outside its context.
            self.missing = self._padding - len(self._source.take(self._padding))
            self._ended, self._padding = self.missing > 0, 0
        if self._ended:
            raise StopIteration
        member = _Member()
        for _ in range(_MAX_META_RUN):
            block = self._block()
            if block is None:
                self._ended = True
                if member.records or member.name or member.link:
                    raise TarError("unexpected EOF: an extended header without its member")
                raise StopIteration
            header = parse(block)
            kind = _KINDS.get(header.flag)
            if kind is not None:
                return self._entry(kind, header, block, member)
            self._meta(header, member)
        raise TarError("invalid tar header: too many extended headers in a row")

    def body(self) -> Iterator[bytes]:
        """The current member's stored data, once, in pieces; what is left over gets skipped.

        Of a sparse member these are its runs of data back to back: ``sparse.expand`` adds holes.
        """
        while self._left:
            for chunk in self._source.chunks(self._left, self._where()):
                self._left -= len(chunk)
                yield chunk

    def _where(self) -> str:
        return f"the data of {shown(self._path)}"

    def _block(self) -> bytes | None:
        """The next header block, or None at the end of the archive."""
        block = self._source.take(BLOCK)
        if not block:
            return None
        if block == ZERO:
            block = self._source.take(BLOCK)
            if not block or block == ZERO:
                return None
            raise TarError("invalid tar header: a lone zero block")
        if len(block) != BLOCK:
            raise TarError("unexpected EOF in a tar header")
        return block

    def _data_block(self) -> bytes:
        return self._source.exactly(BLOCK, "a sparse map")

    def _meta(self, header: Header, member: "_Member") -> None:
        flag, size = header.flag, header.size
        if flag not in _META and flag not in _IGNORED:
            raise TarError(f"unhandled tar header type {flag[0]}: {shown(header.name)}")
        if not 0 <= size <= MAX_META:
            raise TarError(f"invalid tar header: an extended header of {size} bytes")
        data = self._source.exactly(size, "an extended header")
        self._source.discard(-size % BLOCK, "an extended header")
        if flag in b"xX":
            member.records = pax.parse(data)
        elif flag == b"L":
            member.name = data.partition(b"\0")[0]
        elif flag == b"K":
            member.link = data.partition(b"\0")[0]

    def _entry(self, kind: Kind, header: Header, block: bytes, member: "_Member") -> Entry:
        if member.records:
            _merge(header, member.records)
        name = member.name or header.name
        if header.flag == b"\0" and name[-1:] == b"/":
            kind = Kind.DIR
        self._path = path = clean(name)
        stored = header.size if kind is Kind.FILE else 0
        if not 0 <= stored <= _MAX_SIZE:
            raise TarError(f"{shown(path)}: size {stored} is out of range")
        self._left = stored
        entry = Entry(
            path,
            kind,
            header.mode & 0o7777,
            header.uid,
            header.gid,
            header.mtime * 1_000_000_000,
            stored,
            member.link or header.link,
            header.major,
            header.minor,
            {},
            _text(header.uname),
            _text(header.gname),
        )
        if stored:
            entry.extents = ((0, self._source.offset, stored),)
            self._padding = -stored % BLOCK
        if member.records:
            _extend(entry, member.records)
        if kind is Kind.FILE and (header.flag == b"S" or member.records):
            self._sparse(entry, header, block, member)
        _check(entry, kind)
        return entry

    def _sparse(self, entry: Entry, header: Header, block: bytes, member: "_Member") -> None:
        stored = entry.size
        if header.flag == b"S":
            runs, size = sparse.old_gnu(block, self._data_block)
        else:
            real = sparse.pax_size(member.records)
            if real is None:
                return
            size = real
            found = sparse.pax_runs(member.records)
            if found is None:
                found, used = sparse.data_runs(self._data_block)
                stored -= used
            runs = found
        if stored < 0:
            raise TarError("invalid tar header: sparse map and stored size differ")
        entry.size, self._left = size, stored
        entry.extents = sparse.extents(runs, size, self._source.offset, stored)


class _Member:
    """What the extended headers in front of a member said."""

    __slots__ = ("link", "name", "records")

    def __init__(self) -> None:
        self.records: list[tuple[bytes, bytes]] = []
        self.name = b""
        self.link = b""


_TEXTS = {b"path": "name", b"linkpath": "link", b"uname": "uname", b"gname": "gname"}
_NUMBERS = {
    b"size": "size",
    b"uid": "uid",
    b"gid": "gid",
    b"SCHILY.devmajor": "major",
    b"SCHILY.devminor": "minor",
}


def _merge(header: Header, records: list[tuple[bytes, bytes]]) -> None:
    """Let the records win over the header; an empty value leaves the header's."""
    sparse_name = b""
    for key, value in records:
        if not value:
            continue
        if key in _TEXTS:
            setattr(header, _TEXTS[key], value)
        elif key in _NUMBERS:
            setattr(header, _NUMBERS[key], decimal(value, _NUMBERS[key]))
        elif key == b"GNU.sparse.name":
            sparse_name = value
    # GNU tar puts a synthetic name in the path of sparse members.
    header.name = sparse_name or header.name


def _extend(entry: Entry, records: list[tuple[bytes, bytes]]) -> None:
    attributes = False
    for key, value in records:
        if key == b"mtime" and value:
            entry.mtime = timestamp(value)
        elif b".xattr." in key:
            attributes = True
    if attributes:
        entry.xattrs = pax.xattrs(records)


def _check(entry: Entry, kind: Kind) -> None:
    if not 0 <= entry.uid <= _MAX_ID or not 0 <= entry.gid <= _MAX_ID:
        raise TarError(f"{shown(entry.path)}: owner {entry.uid}:{entry.gid} is out of range")
    if not 0 <= entry.size <= _MAX_SIZE:
        raise TarError(f"{shown(entry.path)}: size {entry.size} is out of range")
    if kind is Kind.FILE or kind is Kind.DIR:
        entry.link = b""
    elif kind is Kind.HARDLINK:
        entry.link = clean(entry.link)
    elif not 0 <= entry.major <= _MAX_DEVICE or not 0 <= entry.minor <= _MAX_DEVICE:
        raise TarError(f"{shown(entry.path)}: device number is out of range")


@lru_cache(maxsize=1024)
def _text(name: bytes) -> str:
    return name.decode(errors="surrogateescape")


def open_file(file: BinaryIO) -> TarReader:
    """A reader over a seekable *file* from its current position, that reads headers only."""
    start = file.tell()
    end = file.seek(0, 2)
    file.seek(start)

    def skip(count: int) -> int:
        here = file.tell()
        return file.seek(min(here + count, max(end, here))) - here

    return TarReader(file.read, skip)
