"""inotify(7): being told of changes to files."""

import os
import struct
from collections.abc import Iterator

from boxship.kernel import libc

MODIFY, MOVED_TO, CREATE = 0x2, 0x80, 0x100
_EVENT = struct.Struct("iIII")
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


def create() -> int:
    """A non-blocking inotify descriptor; the caller closes it."""
    return libc.call("inotify_init1", _FLAGS)


def watch(fd: int, path: str, mask: int) -> int:
    """Watch *path*; the number names it in events."""
    return libc.call("inotify_add_watch", fd, os.fsencode(path), mask, path=path)


def events(fd: int) -> Iterator[tuple[int, int]]:
    """(watch, mask) of what has happened since the last call."""
    try:
        data = os.read(fd, 1 << 16)
    except BlockingIOError:
        return
    offset = 0
    while offset < len(data):
        number, mask, _, length = _EVENT.unpack_from(data, offset)
        offset += _EVENT.size + length
        yield number, mask
