"""Paths inside a container's root: resolved by openat2(2), which never leaves it."""

import contextlib
import errno
import os
import stat
from collections.abc import Callable

from boxship.kernel import statfs
from boxship.kernel.openat2 import INSIDE, MISSING, NO_SYMLINKS, openat2

_CHUNK = 1 << 16


class Root:
    """*fd* is a descriptor of the root directory; all paths are the container's own."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def open(self, path: str, flags: int = os.O_PATH, links: bool = True) -> int:
        """Open *path*; with ``links=False`` no component may be a symbolic link."""
        resolve = INSIDE if links else INSIDE | NO_SYMLINKS
        return openat2(self.fd, path.lstrip("/") or ".", flags, 0, resolve)

    def find(self, path: str) -> int | None:
        """Open *path* with O_PATH, or return None if it does not exist. Any other error is raised:
        what has to be hidden or protected is never skipped because a lookup failed."""
        try:
            return self.open(path)
        except MISSING:
            return None

    def exists(self, path: str) -> bool:
        fd = self.find(path)
        if fd is not None:
            os.close(fd)
        return fd is not None

    def directory(self, path: str, links: bool = True, mode: int = 0o755) -> int:
        """Open the directory *path*; it and its parents are made where they are missing."""
        try:
            return self.open(path, os.O_PATH | os.O_DIRECTORY, links)
        except FileNotFoundError:
            parent = self.directory(os.path.dirname(path.rstrip("/")), links)
            real = self._make(parent, path, lambda name: os.mkdir(name, mode, dir_fd=parent))
            if real and links:
                return self.directory(real)
            return self.open(path, os.O_PATH | os.O_DIRECTORY, links)

    def file(self, path: str, mode: int = 0o644) -> int:
        """Open *path*, an empty file if nothing is there."""
        try:
            return self.open(path)
        except FileNotFoundError:
            parent = self.directory(os.path.dirname(path))
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
            real = self._make(
                parent, path, lambda name: os.close(os.open(name, flags, mode, dir_fd=parent))
            )
            return self.file(real) if real else self.open(path)

    @staticmethod
    def _make(parent: int, path: str, make: Callable[[str], None]) -> str:
        """Make *path*'s last name in *parent*, closed here; the target if it is a dangling link."""
        directory, name = os.path.split(path.rstrip("/"))
        try:
            make(name)
        except FileExistsError:
            # A link of procfs may be a descriptor of ours, and its text a path of the host.
            if statfs.magic(parent) == statfs.PROC:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path) from None
            with contextlib.suppress(OSError):
                return os.path.join(directory, os.readlink(name, dir_fd=parent))
        finally:
            os.close(parent)
        return ""

    def read_regular(self, path: str, limit: int = 1 << 23) -> bytes:
        """Return the content of a regular file, b"" if *path* is missing or something else.

        A file that cannot be read, or is larger than *limit* bytes, raises :class:`OSError`.
        """
        try:
            fd = self.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        except MISSING:
            return b""
        try:
            return _read(fd, path, limit) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
        finally:
            os.close(fd)


def _read(fd: int, path: str, limit: int) -> bytes:
    content = bytearray()
    while piece := os.read(fd, _CHUNK):
        content += piece
        if len(content) > limit:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    return bytes(content)


def is_directory(fd: int) -> bool:
    return stat.S_ISDIR(os.fstat(fd).st_mode)
