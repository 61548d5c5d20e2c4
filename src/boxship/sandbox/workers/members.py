"""Objects of a file system as members of an archive: metadata, attributes, data, holes."""

import errno
import os
import stat
from collections.abc import Iterator

from boxship.archive.entry import KINDS, Entry, Extent, Kind
from boxship.sandbox.workers.lookup import reopen

_CHUNK = 1 << 20
_ZEROS = bytes(_CHUNK)
_SECOND = 1_000_000_000
# Holes are kept only where they save this much: some readers do not know sparse members.
_WORTHWHILE = 1 << 20
_SMALLEST_HOLE = 64 * 1024
_MAX_RUNS = 1 << 17  # what follows them is one run to the end; readers have limits
_NO_XATTRS = (errno.ENOTSUP, errno.ENODATA, errno.EPERM, errno.EACCES)
_KEPT_XATTRS = ("user.", "trusted.", "security.capability", "system.posix_acl_")
_OVERLAY = "trusted.overlay."


def entry_of(path: bytes, fd: int, status: os.stat_result) -> Entry | None:
    """The entry for the object behind the O_PATH descriptor *fd*, without data or attributes.

    None for what no archive can hold (sockets). Times are whole seconds, as in dockerd's archives.
    """
    kind = KINDS.get(stat.S_IFMT(status.st_mode))
    if kind is None:
        return None
    entry = Entry(
        path,
        kind,
        stat.S_IMODE(status.st_mode),
        status.st_uid,
        status.st_gid,
        status.st_mtime_ns // _SECOND * _SECOND,
    )
    if kind is Kind.SYMLINK:
        entry.link = os.readlink(b"", dir_fd=fd)
    elif kind is Kind.CHAR or kind is Kind.BLOCK:
        entry.major, entry.minor = os.major(status.st_rdev), os.minor(status.st_rdev)
    return entry


def open_data(node: int) -> int:
    """A readable descriptor of the regular file behind the O_PATH descriptor *node*."""
    return reopen(node, os.O_RDONLY | os.O_NONBLOCK)


def open_directory(node: int) -> int:
    """A readable descriptor of the directory *node*, for its attributes."""
    return os.open(b".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=node)


def is_kept(name: str) -> bool:
    """Whether an extended attribute belongs into an archive, and may come out of one.

    Left out are overlayfs' own and those that only mean something on this host (SELinux, IMA).
    """
    return name.startswith(_KEPT_XATTRS) and not name.startswith(_OVERLAY)


def xattrs(fd: int) -> dict[str, bytes]:
    """The extended attributes of *fd* that belong into an archive, sorted by name."""
    try:
        names = os.listxattr(fd)
    except OSError as error:
        if error.errno in _NO_XATTRS:
            return {}
        raise
    found = {}
    for name in sorted(names):
        value = _xattr(fd, name) if is_kept(name) else None
        if value is not None:
            found[name] = value
    return found


def _xattr(fd: int, name: str) -> bytes | None:
    try:
        return os.getxattr(fd, name)
    except OSError as error:
        if error.errno in _NO_XATTRS:
            return None
        raise


def add_data(entry: Entry, fd: int) -> None:
    """Fill in size, holes and attributes of a regular file from its descriptor *fd*."""
    status = os.fstat(fd)
    entry.size = status.st_size
    entry.xattrs = xattrs(fd)
    if status.st_size - status.st_blocks * 512 >= _WORTHWHILE:
        entry.extents = _data_runs(fd, entry.size)


def _data_runs(fd: int, size: int) -> tuple[Extent, ...]:
    """The runs of data, or nothing when the holes are not worth it (lseek(2), SEEK_DATA)."""
    runs: list[Extent] = []
    stored = 0
    for start, end in _segments(fd, size):
        if len(runs) == _MAX_RUNS:
            stored += size - start
            runs.append((start, stored - (size - start), size - start))
            break
        if runs and start - (runs[-1][0] + runs[-1][2]) < _SMALLEST_HOLE:
            start, _, length = runs.pop()
            stored -= length
        runs.append((start, stored, end - start))
        stored += end - start
    if size - stored < _WORTHWHILE:
        return ()
    # An entry without runs would be a plain file: an empty run at the end says "all hole".
    return tuple(runs) or ((size, 0, 0),)


def _segments(fd: int, size: int) -> Iterator[tuple[int, int]]:
    position = 0
    while position < size:
        try:
            start = os.lseek(fd, position, os.SEEK_DATA)
            end = min(os.lseek(fd, start, os.SEEK_HOLE), size)
        except OSError as error:
            # The rest is a hole, or the file has become shorter meanwhile.
            if error.errno == errno.ENXIO:
                return
            yield position, size
            return
        if start >= size or end <= start:
            return
        yield start, end
        position = end


def body(entry: Entry, fd: int) -> Iterator[bytes]:
    """The stored data of *entry* from *fd*; zeros where the file got shorter meanwhile."""
    if entry.extents:
        for start, _, length in entry.extents:
            yield from _run(fd, start, length)
    elif entry.size:
        yield from _run(fd, 0, entry.size)


def _run(fd: int, start: int, length: int) -> Iterator[bytes]:
    end = start + length
    while start < end:
        data = os.pread(fd, min(_CHUNK, end - start), start)
        if not data:
            break
        start += len(data)
        yield data
    while start < end:
        yield _ZEROS[: end - start]
        start += min(_CHUNK, end - start)
