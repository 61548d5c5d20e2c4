"""Copies what an image has at a volume's place into the volume, when that is used first."""

import errno
import os
import stat
from collections.abc import Sequence
from typing import Any

from boxship.base.errors import Internal
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
    """*target* is private to this process: a volume nobody has yet."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._links: dict[tuple[int, int], bytes] = {}
        self._directories: list[tuple[bytes, os.stat_result]] = []

    def copy(self, source: int) -> int:
        count = 0
        for node in walk(source):
            if node.path:
                self._copy(node)
                count += 1
            else:
                _dress(self._target, node)
                self._directories.append((b".", node.stat))
        # Last, because what is put into a directory changes its times.
        for path, status in reversed(self._directories):
            self._set_times(path, status)
        return count

    def _copy(self, node: Node) -> None:
        mode = node.stat.st_mode
        key = (node.stat.st_dev, node.stat.st_ino)
        if not node.is_dir and node.stat.st_nlink > 1:
            if key in self._links:
                os.link(
                    self._links[key],
                    node.path,
                    src_dir_fd=self._target,
                    dst_dir_fd=self._target,
                    follow_symlinks=False,
                )
                return
            self._links[key] = node.path
        if stat.S_ISDIR(mode):
            self._directory(node)
        elif stat.S_ISREG(mode):
            self._file(node)
        elif not stat.S_ISSOCK(mode):
            self._special(node)

    def _directory(self, node: Node) -> None:
        os.mkdir(node.path, 0o700, dir_fd=self._target)
        fd = os.open(node.path, _DIRECTORY, dir_fd=self._target)
        try:
            _dress(fd, node)
        finally:
            os.close(fd)
        self._directories.append((node.path, node.stat))

    def _file(self, node: Node) -> None:
        fd = os.open(node.path, _NEW_FILE, 0o600, dir_fd=self._target)
        source = reopen(node.fd, os.O_RDONLY)
        try:
            while os.sendfile(fd, source, None, _CHUNK):
                pass
            _dress(fd, node)
        finally:
            os.close(source)
            os.close(fd)
        self._set_times(node.path, node.stat)

    def _special(self, node: Node) -> None:
        """A link, a device or a pipe."""
        status = node.stat
        if stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(b"", dir_fd=node.fd), node.path, dir_fd=self._target)
        else:
            os.mknod(node.path, status.st_mode, status.st_rdev, dir_fd=self._target)
        os.chown(
            node.path, status.st_uid, status.st_gid, dir_fd=self._target, follow_symlinks=False
        )
        self._set_times(node.path, status)

    def _set_times(self, path: bytes, status: os.stat_result) -> None:
        times = (status.st_atime_ns, status.st_mtime_ns)
        os.utime(path, ns=times, dir_fd=self._target, follow_symlinks=False)


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
