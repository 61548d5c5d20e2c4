"""Writes archives: ustar headers, and PAX records for what those cannot say.

The bytes depend on the entries alone: no clock, no process id, no order but the caller's.
"""

from collections.abc import Callable, Iterable

from boxship.archive import pax, sparse
from boxship.archive.entry import Entry, Kind
from boxship.archive.errors import TarError
from boxship.archive.headers import BLOCK, ZERO, build, split_name
from boxship.archive.numbers import NANOSECONDS
from boxship.archive.paths import shown

_MAX_OCTAL_7 = 0o7777777
_MAX_OCTAL_11 = 0o77777777777
_LONG = 100
_NAME_LONG = 32
_PAX_NAME = b"././@PaxHeader"


class TarWriter:
    """Appends members to an archive through *write*, which takes whole ``bytes`` in order."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def add(self, entry: Entry, chunks: Iterable[bytes] = ()) -> None:
        """Append one member.

        *chunks* give a file's data: ``size`` bytes, or for an entry whose ``extents`` leave holes
        out, the runs of data back to back. Anything more or less is a :class:`TarError`, after
        which the archive is not usable.
        """
        if b"\0" in entry.path or b"\0" in entry.link:
            raise TarError(f"{shown(entry.path)}: NUL byte in a name")
        runs = _runs(entry)
        sparse_map = b"" if runs is None else _sparse_map(runs)
        stored = 0
        if entry.kind is Kind.FILE:
            stored = entry.size if runs is None else sum(length for _, length in runs)
        size = len(sparse_map) + stored
        head = _header(entry, size, runs is not None) + sparse_map
        self._write(head)
        if runs is not None:
            chunks = sparse.fill(runs, entry.extents, chunks)
        if stored:
            self._data(entry, chunks, stored)

    def _data(self, entry: Entry, chunks: Iterable[bytes], stored: int) -> None:
        left = stored
        for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                break
            self._write(chunk)
        if left:
            raise TarError(f"{shown(entry.path)}: its data is not {stored} bytes long")
        if stored % BLOCK:
            self._write(ZERO[stored % BLOCK :])

    def close(self) -> None:
        """Write the end marker: two zero blocks, no padding to a larger record."""
        self._write(ZERO + ZERO)


def header(entry: Entry) -> bytes:
    """The header of a plain member, for who sends the data and its padding to a block himself."""
    return _header(entry, entry.size if entry.kind is Kind.FILE else 0, False)


def _runs(entry: Entry) -> list[tuple[int, int]] | None:
    """A sparse file's runs of data; None for everything else."""
    if entry.kind is not Kind.FILE or not entry.extents:
        return None
    offset, _, length = entry.extents[0]
    if (offset, length) == (0, entry.size):
        return None
    runs = sparse.widen(entry.extents, entry.size)
    # GNU tar marks a hole at the end by an empty run.
    return runs if sum(runs[-1]) == entry.size else [*runs, (entry.size, 0)]


def _sparse_map(runs: list[tuple[int, int]]) -> bytes:
    """GNU sparse format 1.0: the map leads the data, in decimal lines, padded to a block."""
    lines = [b"%d\n" % len(runs)]
    lines += [b"%d\n%d\n" % run for run in runs]
    text = b"".join(lines)
    return text + bytes(-len(text) % BLOCK)


def _header(entry: Entry, size: int, holes: bool) -> bytes:
    """The member's header block, with an extended header in front of it where needed."""
    name = entry.path or b"."
    if entry.kind is Kind.DIR and name[-1:] != b"/":
        name += b"/"
    records: dict[bytes, bytes] = {}
    prefix, short = _fit_name(name, records, holes)
    link = entry.link
    if len(link) > _LONG:
        records[b"linkpath"] = link
    seconds, nanoseconds = divmod(entry.mtime, NANOSECONDS)
    if nanoseconds or not 0 <= seconds <= _MAX_OCTAL_11:
        records[b"mtime"] = _time(entry.mtime)
    if holes:
        records[b"GNU.sparse.realsize"] = b"%d" % entry.size
    block = build(
        short,
        entry.mode & 0o7777,
        _fit(entry.uid, b"uid", _MAX_OCTAL_7, records),
        _fit(entry.gid, b"gid", _MAX_OCTAL_7, records),
        _fit(size, b"size", _MAX_OCTAL_11, records),
        seconds if 0 <= seconds <= _MAX_OCTAL_11 else 0,
        entry.kind.value,
        link[:_LONG],
        _fit_text(entry.uname, b"uname", records),
        _fit_text(entry.gname, b"gname", records),
        _fit(entry.major, b"SCHILY.devmajor", _MAX_OCTAL_7, records),
        _fit(entry.minor, b"SCHILY.devminor", _MAX_OCTAL_7, records),
        prefix,
    )
    for xattr in sorted(entry.xattrs):
        records[pax.xattr_key(xattr)] = entry.xattrs[xattr]
    return _extended(records) + block if records else block


def _fit_name(name: bytes, records: dict[bytes, bytes], holes: bool) -> tuple[bytes, bytes]:
    if holes:
        records[b"GNU.sparse.major"] = b"1"
        records[b"GNU.sparse.minor"] = b"0"
        records[b"GNU.sparse.name"] = name
        return b"", b"GNUSparseFile.0/" + name.rpartition(b"/")[2][:_NAME_LONG]
    fitting = split_name(name)
    if fitting is None:
        records[b"path"] = name
        return b"", name[:_LONG]
    return fitting


def _fit(value: int, key: bytes, limit: int, records: dict[bytes, bytes]) -> int:
    if 0 <= value <= limit:
        return value
    records[key] = b"%d" % value
    return 0


def _fit_text(text: str, key: bytes, records: dict[bytes, bytes]) -> bytes:
    data = text.encode(errors="surrogateescape")
    if len(data) >= _NAME_LONG:
        records[key] = data
        return b""
    return data


def _time(mtime: int) -> bytes:
    seconds, nanoseconds = divmod(abs(mtime), NANOSECONDS)
    fraction = b".%09d" % nanoseconds if nanoseconds else b""
    return b"%s%d%s" % (b"-" if mtime < 0 else b"", seconds, fraction.rstrip(b"0"))


def _extended(records: dict[bytes, bytes]) -> bytes:
    body = b"".join(pax.record(key, value) for key, value in records.items())
    head = build(_PAX_NAME, 0o644, 0, 0, len(body), 0, b"x", b"", b"", b"", 0, 0, b"")
    return head + body + bytes(-len(body) % BLOCK)
