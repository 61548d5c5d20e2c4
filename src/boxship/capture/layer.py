"""The image's one layer: the collected files and the few that every container expects."""

import stat
from collections.abc import Callable, Iterable, Iterator

from boxship.archive.entry import Entry, Kind
from boxship.archive.writer import TarWriter
from boxship.capture.collection import Collection
from boxship.capture.machine import Machine

_SECOND = 1_000_000_000
_FIRST_USER_ID = 1000
_DIRECTORIES = {
    "dev": 0o755,
    "etc": 0o755,
    "home": 0o755,
    "proc": 0o755,
    "root": 0o700,
    "run": 0o755,
    "sys": 0o755,
    "tmp": 0o1777,
    "var": 0o755,
    "var/tmp": 0o1777,
}
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def newest(collection: Collection) -> int:
    """When the youngest of the files was changed, in whole seconds as nanoseconds.

    It stands for the image's creation, so that the same files give the same image.
    """
    files = (s for s in collection.members.values() if stat.S_ISREG(s.st_mode))
    return max((s.st_mtime_ns // _SECOND for s in files), default=0) * _SECOND


def write(machine: Machine, collection: Collection, write: Callable[[bytes], object]) -> None:
    """Write the layer's archive through *write*; the same files give the same bytes."""
    writer = TarWriter(write)
    for entry, chunks in _members(machine, collection):
        writer.add(entry, chunks)
    writer.close()


def _members(machine: Machine, collection: Collection) -> Iterator[tuple[Entry, Iterable[bytes]]]:
    when = newest(collection)
    fixed = {
        path: Entry(path.encode(), Kind.DIR, mode, mtime=when)
        for path, mode in _DIRECTORIES.items()
    }
    for path, text in _FILES.items():
        fixed[path] = Entry(path.encode(), Kind.FILE, 0o644, mtime=when, size=len(text))
    taken = {path.lstrip("/"): path for path in collection.members}
    names: dict[tuple[int, int], bytes] = {}
    for name in sorted({*fixed, *taken}, key=lambda name: name.split("/")):
        if name in fixed:
            yield fixed[name], [_FILES[name].encode()] if name in _FILES else ()
        else:
            yield _member(machine, collection, taken[name], names, when)


def _member(
    machine: Machine,
    collection: Collection,
    path: str,
    names: dict[tuple[int, int], bytes],
    when: int,
) -> tuple[Entry, Iterable[bytes]]:
    status = collection.members[path]
    name = path.lstrip("/").encode(errors="surrogateescape")
    entry = Entry(name, Kind.DIR, stat.S_IMODE(status.st_mode), mtime=when)
    entry.uid, entry.gid = _owner(status.st_uid), _owner(status.st_gid)
    if stat.S_ISDIR(status.st_mode):
        return entry, ()
    if stat.S_ISLNK(status.st_mode):
        entry.kind, entry.mode = Kind.SYMLINK, 0o777
        entry.link = machine.readlink(path).encode(errors="surrogateescape")
        return entry, ()
    entry.mtime = status.st_mtime_ns // _SECOND * _SECOND
    first = names.setdefault((status.st_dev, status.st_ino), name)
    if first != name:
        entry.kind, entry.link = Kind.HARDLINK, first
        return entry, ()
    entry.kind, entry.size = Kind.FILE, status.st_size
    entry.xattrs = machine.capabilities(path)
    return entry, machine.chunks(path)


def _owner(number: int) -> int:
    """Users of this host mean nothing in the image, users of its system do."""
    return number if number < _FIRST_USER_ID else 0
