"""The directories between the top of a tree and where a walk stands, with few of them open."""

import os
import stat
import sys
from dataclasses import dataclass

from boxship.sandbox.workers.lookup import open_node

_OPEN = 64
# Those of os.fsencode(), which takes its time to find out what it was given.
_ENCODING, _ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()


@dataclass(slots=True)
class Level:
    """A directory in progress: ``names`` are those left, last first; ``fd`` is -1 when closed."""

    path: bytes
    fd: int
    names: list[bytes]

    def join(self, name: bytes) -> bytes:
        return self.path + b"/" + name if self.path else name


class Levels:
    """A stack of directories that owns their descriptors but that of the first, *top*.

    A tree may be deeper than a process may have descriptors, so all but the innermost are closed
    and opened again, step by step and without following links, when the walk comes back.
    """

    def __init__(self, top: int, names: list[bytes]) -> None:
        self._top = top
        self._levels = [Level(b"", top, names[::-1])]

    def __len__(self) -> int:
        return len(self._levels)

    @property
    def innermost(self) -> Level:
        return self._levels[-1]

    def enter(self, path: bytes, fd: int, names: list[bytes]) -> None:
        """Go down into the directory *fd*, which is owned from now on."""
        self._levels.append(Level(path, fd, names[::-1]))
        if len(self._levels) > _OPEN + 1:
            _close(self._levels[-_OPEN])

    def leave(self) -> Level:
        level = self._levels.pop()
        if self._levels:
            _close(level)
        return level

    def ensure_open(self) -> bool:
        """See to it that the innermost directory is open; False when it is gone."""
        level = self._levels[-1]
        if level.fd < 0:
            level.fd = _reach(self._top, level.path)
        return level.fd >= 0

    def close(self) -> None:
        while self._levels:
            self.leave()


def _reach(top: int, path: bytes) -> int:
    fd = os.dup(top)
    try:
        for part in path.split(b"/"):
            below = open_node(fd, part)
            os.close(fd)
            fd = below
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            return fd
    except (FileNotFoundError, NotADirectoryError):
        pass
    os.close(fd)
    return -1


def _close(level: Level) -> None:
    if level.fd >= 0:
        os.close(level.fd)
        level.fd = -1


def names_in(fd: int) -> list[bytes]:
    """The sorted names in the directory *fd* (O_PATH will do)."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    listing = os.open(b".", flags, dir_fd=fd)
    try:
        return sorted([name.encode(_ENCODING, _ERRORS) for name in os.listdir(listing)])
    finally:
        os.close(listing)
