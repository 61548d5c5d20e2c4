"""The directories that an archive's members go into, found and made inside a container's root."""

import errno
import os
import stat

from boxship.base.errors import InvalidParameter
from boxship.sandbox.workers.lookup import open_inside, text

_IMPLIED_MODE = 0o755


class Parents:
    """Opens the parent directory of a member; owns the descriptors it hands out.

    *destination* is the absolute clean path in *root* that members are relative to. Links on the
    way are followed as a process inside the container would follow them.
    """

    def __init__(self, root: int, destination: bytes) -> None:
        self._root = root
        self._destination = destination.rstrip(b"/")
        self._path: bytes | None = None
        self._fd = -1

    def absolute(self, path: bytes) -> bytes:
        return (self._destination + b"/" + path if path else self._destination) or b"/"

    def get(self, directory: bytes) -> int:
        """An O_PATH descriptor of *directory*, made if it is missing; valid until the next call."""
        if directory != self._path:
            self.forget()
            self._fd = self._open_or_make(directory)
            self._path = directory
        return self._fd

    def find(self, directory: bytes) -> int:
        """A new O_PATH descriptor, the caller's, of *directory*, which has to exist."""
        return open_inside(self._root, self.absolute(directory), os.O_PATH | os.O_DIRECTORY)

    def forget(self) -> None:
        """Look directories up again: something on the way to them may have been replaced."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._path = -1, None

    def _open_or_make(self, directory: bytes) -> int:
        try:
            return self.find(directory)
        except FileNotFoundError:
            return self._make(directory)

    def _make(self, directory: bytes) -> int:
        """Make *directory* and those above it that are missing, as ``mkdir -p``."""
        missing: list[bytes] = []
        while True:
            directory, _, name = directory.rpartition(b"/")
            missing.append(name)
            try:
                fd = self.find(directory)
                break
            except FileNotFoundError:
                if not directory:
                    raise
        path = directory
        while missing:
            name = missing.pop()
            path = path + b"/" + name if path else name
            fd = self._make_one(fd, name, path)
        return fd

    def _make_one(self, parent: int, name: bytes, path: bytes) -> int:
        """Make and open the directory *name* in *parent*, which gets closed."""
        flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            try:
                os.mkdir(name, _IMPLIED_MODE, dir_fd=parent)
            except FileExistsError:
                pass
            return os.open(name, flags, dir_fd=parent)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                where = text(self.absolute(path))
                raise InvalidParameter(f"mkdir {where}: not a directory") from None
            raise
        finally:
            os.close(parent)


def kind_of(dirfd: int, name: bytes) -> int | None:
    """The type bits of *name* itself, or None when it does not exist."""
    try:
        return stat.S_IFMT(os.stat(name, dir_fd=dirfd, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return None
