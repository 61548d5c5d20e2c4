"""Hints to the file system about single directories (ioctl_iflags(2))."""

import contextlib
import fcntl
import os
import struct
from collections.abc import Iterator

# The kernel reads and writes an int, whatever the numbers say of a long.
_GET, _SET = 0x80086601, 0x40086602
_FLAGS = struct.Struct("=I4x")
TOPDIR = 0x00020000


def flags(fd: int) -> int:
    """Those of the open directory or file *fd*. OSError where its file system has none."""
    return int(_FLAGS.unpack(fcntl.ioctl(fd, _GET, bytes(_FLAGS.size)))[0])


@contextlib.contextmanager
def spreading(directory: str) -> Iterator[None]:
    """While this lasts, the file system puts what is made in *directory* apart from what is there
    (chattr(1), attribute T). Nothing happens where it takes no such hint."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        before = _hint(fd, TOPDIR)
        yield
        if not before & TOPDIR:
            _hint(fd, 0)
    finally:
        os.close(fd)


def _hint(fd: int, wanted: int) -> int:
    """Set the flag TOPDIR as in *wanted*; the flags before."""
    with contextlib.suppress(OSError):
        before = flags(fd)
        fcntl.ioctl(fd, _SET, _FLAGS.pack(before & ~TOPDIR | wanted))
        return before
    return TOPDIR
