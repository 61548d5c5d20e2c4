"""Removing a tree of any depth by descriptors: links are removed, never followed."""

import errno
import os
import stat

from boxship.sandbox.workers.levels import Levels, names_in
from boxship.sandbox.workers.lookup import open_node

_ROUNDS = 16  # against a process that keeps adding files
_REFILLED = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


def remove(dirfd: int, name: bytes) -> None:
    """Remove *name* in the directory *dirfd*, with everything below it; gone already is fine."""
    for _ in range(_ROUNDS):
        if _unlink(dirfd, name):
            return
        try:
            top = open_node(dirfd, name)
        except FileNotFoundError:
            return
        try:
            if stat.S_ISDIR(os.fstat(top).st_mode):
                _empty(top)
        finally:
            os.close(top)
        if _rmdir(dirfd, name):
            return
    raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), name)


def _unlink(dirfd: int, name: bytes) -> bool:
    """Unlink *name*; False when it is a directory."""
    try:
        os.unlink(name, dir_fd=dirfd)
    except FileNotFoundError:
        pass
    except (IsADirectoryError, PermissionError):
        if not _is_directory(dirfd, name):
            raise
        return False
    return True


def _is_directory(dirfd: int, name: bytes) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=dirfd, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _rmdir(dirfd: int, name: bytes) -> bool:
    """Remove the directory *name*; False when it filled up again or was swapped."""
    try:
        os.rmdir(name, dir_fd=dirfd)
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.errno not in _REFILLED:
            raise
        return False
    return True


def _empty(top: int) -> None:
    """Remove what is below the directory *top*."""
    levels = Levels(top, names_in(top))
    try:
        while True:
            level = levels.innermost
            if level.names and levels.ensure_open():
                _descend(levels, level.names.pop())
                continue
            left = levels.leave()
            if not len(levels):
                return
            if levels.ensure_open():
                _rmdir(levels.innermost.fd, left.path.rpartition(b"/")[2])
    finally:
        levels.close()


def _descend(levels: Levels, name: bytes) -> None:
    """Unlink *name* in the innermost directory, or enter it."""
    level = levels.innermost
    if _unlink(level.fd, name):
        return
    try:
        node = open_node(level.fd, name)
    except FileNotFoundError:
        return
    try:
        names = names_in(node)
    except (FileNotFoundError, NotADirectoryError):
        os.close(node)
        return
    levels.enter(level.join(name), node, names)
