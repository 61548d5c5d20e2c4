"""A file whose content is coming in."""

import os

from boxship.builder.buildkit.packets import Stat
from boxship.wire.protobuf import DecodeError

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
# Modes that the umask leaves alone.
_PLAIN = 0o755
_PIECE = 1 << 20


class Incoming:
    """Becomes the file *path*, of which *entry* tells. *stands*: there is a file of this size and
    mode already; it stays as long as what comes is the same, so that only times change."""

    def __init__(self, path: str, entry: Stat, stands: bool) -> None:
        self._path = path
        self.entry = entry
        self._at = 0
        self._old = self._new = -1
        if stands:
            self._old = os.open(path, _OLD)
        else:
            self._new = self._opened()

    def _opened(self) -> int:
        # Until it is complete, its time says that it is not the client's file.
        return os.open(self._path, _NEW, self.entry.permissions & 0o777)

    def take(self, data: bytes) -> None:
        """The next piece."""
        if self._old >= 0:
            if os.pread(self._old, len(data), self._at) == data:
                self._at += len(data)
                return
            self._part()
        _write(self._new, data)

    def _part(self) -> None:
        """Begin a file of its own with what both have."""
        os.unlink(self._path)
        self._new = self._opened()
        done = 0
        while done < self._at:
            piece = os.pread(self._old, min(_PIECE, self._at - done), done)
            _write(self._new, piece)
            done += len(piece)
        os.close(self._old)
        self._old = -1

    def finish(self) -> bool:
        """Whether the content is another than before. :class:`DecodeError` for attributes that
        cannot be set."""
        if self._old >= 0 and self._at < self.entry.size:
            self._part()
        entry = self.entry
        if self._old >= 0:
            set_time(self._old, entry)
            return False
        if entry.permissions & ~_PLAIN:
            os.fchmod(self._new, entry.permissions)
        _set_xattrs(self._new, entry)
        set_time(self._new, entry)
        return True

    def close(self) -> None:
        for fd in (self._old, self._new):
            if fd >= 0:
                os.close(fd)
        self._old = self._new = -1


def _write(fd: int, data: bytes) -> None:
    written = os.write(fd, data)
    while written < len(data):
        data = data[written:]
        written = os.write(fd, data)


def set_time(path: str | int, entry: Stat) -> None:
    """:class:`DecodeError` for a time that no file can have."""
    times = (entry.modified, entry.modified)
    try:
        if isinstance(path, int):
            os.utime(path, ns=times)
        else:
            os.utime(path, ns=times, follow_symlinks=False)
    except OverflowError:
        raise DecodeError(f"invalid time of {entry.path!r}") from None


def _set_xattrs(fd: int, entry: Stat) -> None:
    for name, value in entry.xattrs.items():
        if name.startswith("user.") or name == "security.capability":
            try:
                os.setxattr(fd, name, value)
            except OSError as error:
                raise DecodeError(f"attribute {name} of {entry.path!r}: {error}") from None
