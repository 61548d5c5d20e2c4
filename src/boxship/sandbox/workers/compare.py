"""Whether an object differs from the one that the layers below have at its path."""

import os
import stat

from boxship.sandbox.workers import lookup, members
from boxship.sandbox.workers.levels import names_in
from boxship.sandbox.workers.walk import Node

_CAPABILITY = "security.capability"
_SECOND = 1_000_000_000


class Below:
    """The merged view of the layers below an upper directory; *root* stays the caller's."""

    def __init__(self, root: int) -> None:
        self._root = root

    def has(self, path: bytes) -> bool:
        fd = lookup.open_exactly(self._root, path)
        if fd is not None:
            os.close(fd)
        return fd is not None

    def names(self, path: bytes) -> list[bytes]:
        """The sorted names in the directory *path*; none when it is missing or no directory."""
        fd = lookup.open_exactly(self._root, path)
        if fd is None:
            return []
        try:
            return names_in(fd) if stat.S_ISDIR(os.fstat(fd).st_mode) else []
        finally:
            os.close(fd)

    def differs(self, node: Node) -> bool | None:
        """True when *node* was modified, None when nothing was at its path."""
        fd = lookup.open_exactly(self._root, node.path)
        if fd is None:
            return None
        try:
            old = os.fstat(fd)
            return _differ(old, node.stat) or _capability(fd, old) != _capability(
                node.fd, node.stat
            )
        finally:
            os.close(fd)


def _differ(old: os.stat_result, new: os.stat_result) -> bool:
    """dockerd's measure: times and size of directories say nothing."""
    if old.st_mode != new.st_mode or old.st_uid != new.st_uid or old.st_gid != new.st_gid:
        return True
    if stat.S_ISDIR(new.st_mode):
        return False
    same_size = old.st_size == new.st_size and old.st_rdev == new.st_rdev
    return not same_size or not _same_time(old.st_mtime_ns, new.st_mtime_ns)


def _same_time(a: int, b: int) -> bool:
    """Equal, or equal but for a fraction of a second that one of them lost in an archive."""
    if a == b:
        return True
    return a // _SECOND == b // _SECOND and (not a % _SECOND or not b % _SECOND)


def _capability(node: int, status: os.stat_result) -> bytes | None:
    if not stat.S_ISREG(status.st_mode):
        return None
    fd = members.open_data(node)
    try:
        return os.getxattr(fd, _CAPABILITY)
    except OSError:
        return None
    finally:
        os.close(fd)
