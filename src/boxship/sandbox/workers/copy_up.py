"""Copies what an image has at a volume's place into the volume, when that is used first."""

import errno
import os
import stat
from collections.abc import Sequence
from typing import Any

from boxship.base.errors import Internal
from boxship.kernel.openat2 import BENEATH, NO_SYMLINKS
from boxship.sandbox import volumes
from boxship.sandbox.failure import StageError
from boxship.sandbox.workers.lookup import open_inside, reopen
from boxship.sandbox.workers.members import is_kept
from boxship.sandbox.workers.walk import Node, walk

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 30
_UNSUPPORTED = (errno.ENOTSUP, errno.EPERM, errno.EINVAL)


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Fill the empty directory ``fds[0]`` from the directory ``path`` below *root*.

    With ``filesystem`` (see :mod:`boxship.sandbox.volumes`) that is filled instead. Nothing happens
    when there is no such path; Internal if it is no directory. ``entries`` counts what was copied.
    """
    assert root is not None
    os.umask(0)
    try:
        source = open_inside(root, os.fsencode(args["path"]), os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            return {"entries": 0}
        if error.errno == errno.ENOTDIR:
            raise Internal(f"source {args['path']} is not directory") from None
        raise
    target = fds[0] if fds else _open_volume(args["filesystem"])
    if os.listdir(target):
        return {"entries": 0}
    return {"entries": _Copier(target).copy(source)}


def _open_volume(row: dict[str, Any]) -> int:
    try:
        return reopen(volumes.open_filesystem(row), os.O_RDONLY | os.O_DIRECTORY)
    except StageError as error:
        raise Internal(str(error)) from None


class _Copier:
    """Containers may have the volume: what they put in the place of a directory meanwhile, as a
    link to somewhere else, is an error."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._links: dict[tuple[int, int], bytes] = {}
        self._directories: list[tuple[bytes, os.stat_result]] = []
        #: The directory of the object before, which most often is the next one's.
        self._parent = (b"", os.dup(target))

    def copy(self, source: int) -> int:
        count = 0
        for node in walk(source):
            if node.path:
                self._copy(node)
                count += 1
            else:
                _dress(self._target, node)
                self._directories.append((b"", node.stat))
        # Last, because what is put into a directory changes its times.
        for path, status in reversed(self._directories):
            name, parent = self._place(path) if path else (b".", self._target)
            _set_times(name, parent, status)
        return count

    def _place(self, path: bytes) -> tuple[bytes, int]:
        """The name of *path* and a descriptor of the directory that it is in."""
        above, _, name = path.rpartition(b"/")
        if above != self._parent[0]:
            os.close(self._parent[1])
            self._parent = (above, self._open(above))
        return name, self._parent[1]

    def _open(self, directory: bytes) -> int:
        flags = os.O_PATH | os.O_DIRECTORY
        return open_inside(self._target, directory, flags, BENEATH | NO_SYMLINKS)

    def _copy(self, node: Node) -> None:
        mode = node.stat.st_mode
        key = (node.stat.st_dev, node.stat.st_ino)
        if not node.is_dir and node.stat.st_nlink > 1:
            if key in self._links:
                self._link(self._links[key], node.path)
                return
            self._links[key] = node.path
        if stat.S_ISDIR(mode):
            self._directory(node)
        elif stat.S_ISREG(mode):
            self._file(node)
        elif not stat.S_ISSOCK(mode):
            self._special(node)

    def _link(self, first: bytes, path: bytes) -> None:
        above, _, name = first.rpartition(b"/")
        source = self._open(above)
        try:
            new, parent = self._place(path)
            os.link(name, new, src_dir_fd=source, dst_dir_fd=parent, follow_symlinks=False)
        finally:
            os.close(source)

    def _directory(self, node: Node) -> None:
        name, parent = self._place(node.path)
        os.mkdir(name, 0o700, dir_fd=parent)
        fd = os.open(name, _DIRECTORY, dir_fd=parent)
        try:
            _dress(fd, node)
        finally:
            os.close(fd)
        self._directories.append((node.path, node.stat))

    def _file(self, node: Node) -> None:
        name, parent = self._place(node.path)
        fd = os.open(name, _NEW_FILE, 0o600, dir_fd=parent)
        source = reopen(node.fd, os.O_RDONLY)
        try:
            while os.sendfile(fd, source, None, _CHUNK):
                pass
            _dress(fd, node)
            os.utime(fd, ns=(node.stat.st_atime_ns, node.stat.st_mtime_ns))
        finally:
            os.close(source)
            os.close(fd)

    def _special(self, node: Node) -> None:
        """A link, a device or a pipe."""
        status = node.stat
        name, parent = self._place(node.path)
        if stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(b"", dir_fd=node.fd), name, dir_fd=parent)
        else:
            os.mknod(name, status.st_mode, status.st_rdev, dir_fd=parent)
        os.chown(name, status.st_uid, status.st_gid, dir_fd=parent, follow_symlinks=False)
        _set_times(name, parent, status)


def _set_times(name: bytes, parent: int, status: os.stat_result) -> None:
    times = (status.st_atime_ns, status.st_mtime_ns)
    os.utime(name, ns=times, dir_fd=parent, follow_symlinks=False)


def _dress(fd: int, node: Node) -> None:
    """Owner first: changing it clears set-id bits and capabilities."""
    os.fchown(fd, node.stat.st_uid, node.stat.st_gid)
    os.fchmod(fd, stat.S_IMODE(node.stat.st_mode))
    source = f"/proc/self/fd/{node.fd}"
    for name in os.listxattr(source):
        if not is_kept(name):
            continue
        try:
            os.setxattr(fd, name, os.getxattr(source, name))
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
