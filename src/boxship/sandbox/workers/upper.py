"""How overlayfs marks deletions in an upper directory, and what the runtime itself put there."""

import os
import stat
from collections.abc import Iterable, Iterator

from boxship.archive.whiteout import OPAQUE_XATTR
from boxship.sandbox.workers import members
from boxship.sandbox.workers.walk import Node


def is_whiteout(status: os.stat_result) -> bool:
    """A character device 0/0 (kernel documentation, overlayfs, "whiteouts")."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def is_opaque(node: Node) -> bool:
    """Whether a directory hides what the layers below have in it."""
    if not node.is_dir:
        return False
    fd = members.open_directory(node.fd)
    try:
        return os.getxattr(fd, OPAQUE_XATTR) == b"y"
    except OSError:
        return False
    finally:
        os.close(fd)


class Placeholders:
    """The empty files and directories that the runtime made to mount something on."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = {os.fsencode(path).strip(b"/") for path in paths}
        self._parents = {path[:at] for path in self._paths for at in _slashes(path)}

    def has(self, node: Node) -> bool:
        """Whether *node* is one of them and nobody has put content into it.

        Of a directory this says nothing about what else is in it.
        """
        if node.path not in self._paths:
            return False
        return not stat.S_ISREG(node.stat.st_mode) or not node.stat.st_size

    def are_in(self, node: Node) -> bool:
        """Whether the runtime put something into the directory *node*."""
        return node.path in self._parents


def _slashes(path: bytes) -> Iterator[int]:
    return (at for at, byte in enumerate(path) if byte == ord("/"))
