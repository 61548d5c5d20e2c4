"""Walking a hostile tree by descriptors: sorted, links never followed, few descriptors open."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from boxship.sandbox.workers.levels import Level, Levels, names_in
from boxship.sandbox.workers.lookup import open_node


@dataclass(slots=True)
class Node:
    """One object of the tree. ``fd`` (O_PATH) is valid until the walk goes on; -1 when the walk
    was told not to open it.

    ``path`` is relative to the walk's start, ``b""`` the start itself. Emptying ``names``, the
    sorted names in a directory, keeps the walk out of it.
    """

    path: bytes
    fd: int
    stat: os.stat_result
    names: list[bytes]

    @property
    def is_dir(self) -> bool:
        return stat.S_ISDIR(self.stat.st_mode)


Known = Callable[[Level], Iterable[Node]]
"""Takes the next names off an open level for as long as it knows the files, and hands these out, or
deals with them itself."""


def walk(start: int, known: Known | None = None) -> Iterator[Node]:
    """Every object from the directory *start* (which stays the caller's) on, parents first.

    Names are in byte order within their directory. What vanishes meanwhile is left out. Files that
    are *known* are not opened.
    """
    node = Node(b"", start, os.fstat(start), names_in(start))
    yield node
    levels = Levels(start, node.names)
    try:
        while len(levels):
            level = levels.innermost
            if level.names and levels.ensure_open():
                if known is not None:
                    yield from known(level)
                if level.names:
                    yield from _next(levels)
            else:
                levels.leave()
    finally:
        levels.close()


def _next(levels: Levels) -> Iterator[Node]:
    """Hand out the next object of the innermost directory and enter it if it is one itself."""
    level = levels.innermost
    name = level.names.pop()
    path = level.join(name)
    node = _open(level.fd, path, name)
    if node is None:
        return
    entered = False
    try:
        yield node
        if node.names:
            levels.enter(node.path, node.fd, node.names)
            entered = True
    finally:
        if not entered:
            os.close(node.fd)


def _open(dirfd: int, path: bytes, name: bytes) -> Node | None:
    try:
        fd = open_node(dirfd, name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        status = os.fstat(fd)
        names = names_in(fd) if stat.S_ISDIR(status.st_mode) else []
        return Node(path, fd, status, names)
    except FileNotFoundError:
        os.close(fd)
        return None
    except BaseException:
        os.close(fd)
        raise
