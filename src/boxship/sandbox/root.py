"""Paths inside a container's root: resolved by openat2(2), which never leaves it."""

import contextlib
import os
import stat
from collections.abc import Callable

from boxship.kernel.openat2 import INSIDE, NO_SYMLINKS, openat2


class Root:
    """*fd* is a descriptor of the root directory; all paths are the container's own."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def open(self, path: str, flags: int = os.O_PATH, links: bool = True) -> int:
        """Open *path*; with ``links=False`` no component may be a symbolic link."""
        resolve = INSIDE if links else INSIDE | NO_SYMLINKS
        return openat2(self.fd, path.lstrip("/") or ".", flags, 0, resolve)

    def exists(self, path: str) -> bool:
        try:
            os.close(self.open(path))
        except OSError:
            return False
        return True

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
            with contextlib.suppress(OSError):
                return os.path.join(directory, os.readlink(name, dir_fd=parent))
        finally:
            os.close(parent)
        return ""

    def read_regular(self, path: str, limit: int = 1 << 22) -> bytes:
        """The content of a regular file, at most *limit* bytes; b"" for anything else."""
        try:
            fd = self.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError:
            return b""
        try:
            return os.read(fd, limit) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
        finally:
            os.close(fd)


def is_directory(fd: int) -> bool:
    return stat.S_ISDIR(os.fstat(fd).st_mode)
