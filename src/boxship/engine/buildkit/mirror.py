"""A directory that is made like the client's: the receiving end of the file-sync stream.

Nobody else writes to the directory, and every entry's parent has to have come as a directory
before it, so no path leads out of it.
"""

import os
import shutil
import stat
from pathlib import Path

from boxship.builder.buildkit import packets
from boxship.builder.buildkit.packets import Packet, Stat
from boxship.wire.protobuf import DecodeError

# The sender reads four files at a time.
_MOST_OPEN = 64
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# Modes that the umask leaves alone.
_PLAIN = 0o755


class Mirror:
    """*root* becomes the tree that packets tell of. *received* counts bytes of content."""

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root)
        self._next = 0
        self._wanted: dict[int, Stat] = {}
        self._open: dict[int, int] = {}
        self._directories: dict[str, Stat] = {"": Stat()}
        self._names: dict[str, set[str]] = {"": set()}
        self._links: list[Stat] = []
        self._all_known = False
        self.finished = False
        self.received = 0

    def take(self, batch: list[bytes]) -> list[bytes]:
        """Do what packets say, and what to answer. :class:`DecodeError` for what makes no sense,
        OSError when it cannot be written."""
        answers: list[bytes] = []
        for data in batch:
            packet = packets.read(data)
            if packet.type == packets.STAT:
                self._take_stat(packet.stat, answers)
            elif packet.type == packets.DATA:
                self._take_data(packet)
            elif packet.type == packets.ERROR:
                raise DecodeError(packet.data.decode("utf-8", "replace"))
        if self._all_known and not self._wanted and not self.finished:
            self._finish()
            answers.append(packets.FINISHED)
        return answers

    def close(self) -> None:
        """Forget what is not complete."""
        for fd in self._open.values():
            os.close(fd)
        self._open.clear()

    def _take_stat(self, entry: Stat | None, answers: list[bytes]) -> None:
        if entry is None:
            self._all_known = True
            return
        number, self._next = self._next, self._next + 1
        parent, _, name = entry.path.rpartition("/")
        known = self._names.get(parent)
        if (
            known is None
            or entry.path.startswith("/")
            or name in ("", ".", "..")
            or "\0" in entry.path + entry.link
            or name in known
        ):
            raise DecodeError(f"invalid path: {entry.path!r}")
        known.add(name)
        path = f"{self._root}/{entry.path}"
        if entry.is_directory:
            self._directory(entry, path)
        elif entry.is_symlink:
            self._symlink(entry, path)
        elif entry.has_content and entry.link:
            self._links.append(entry)
        elif entry.has_content:
            if not self._is_same(entry, path):
                self._wanted[number] = entry
                answers.append(packets.request(number))
        else:
            # Devices and sockets are no content of an image; what was there goes.
            _remove(path)

    def _directory(self, entry: Stat, path: str) -> None:
        self._directories[entry.path] = entry
        self._names[entry.path] = set()
        found = _lstat(path)
        if found is None or not stat.S_ISDIR(found.st_mode):
            _remove(path)
            os.mkdir(path, 0o700)

    def _symlink(self, entry: Stat, path: str) -> None:
        found = _lstat(path)
        if found is None or not stat.S_ISLNK(found.st_mode) or os.readlink(path) != entry.link:
            _remove(path)
            os.symlink(entry.link, path)
        _set_time(path, entry)

    def _is_same(self, entry: Stat, path: str) -> bool:
        found = _lstat(path)
        if found is None:
            return False
        is_same = (
            stat.S_ISREG(found.st_mode)
            and found.st_size == entry.size
            and found.st_mtime_ns == entry.modified
            and stat.S_IMODE(found.st_mode) == entry.permissions
            and found.st_nlink == 1
            and not entry.xattrs
        )
        if not is_same:
            _remove(path)
        return is_same

    def _take_data(self, packet: Packet) -> None:
        entry = self._wanted.get(packet.id)
        if entry is None:
            raise DecodeError(f"content that nobody asked for: {packet.id}")
        fd = self._open.get(packet.id)
        if fd is None:
            if len(self._open) >= _MOST_OPEN:
                raise DecodeError("too many files at once")
            # Until it is complete, its time says that it is not the client's file.
            mode = entry.permissions & 0o777
            fd = self._open[packet.id] = os.open(f"{self._root}/{entry.path}", _NEW, mode)
        if packet.data:
            _write(fd, packet.data)
            self.received += len(packet.data)
            return
        del self._open[packet.id], self._wanted[packet.id]
        try:
            if entry.permissions & ~_PLAIN:
                os.fchmod(fd, entry.permissions)
            if entry.xattrs:
                _set_xattrs(fd, entry)
            _set_time(fd, entry)
        finally:
            os.close(fd)

    def _finish(self) -> None:
        for entry in self._links:
            path, source = f"{self._root}/{entry.path}", f"{self._root}/{entry.link}"
            parent, _, name = entry.link.rpartition("/")
            found = _lstat(source) if name in self._names.get(parent, ()) else None
            if found is None or not stat.S_ISREG(found.st_mode):
                raise DecodeError(f"invalid link: {entry.path!r} to {entry.link!r}")
            _remove(path)
            os.link(source, path, follow_symlinks=False)
        for directory, known in self._names.items():
            path = f"{self._root}/{directory}"
            for name in os.listdir(path):
                if name not in known:
                    _remove(f"{path}/{name}")
        for directory, entry in self._directories.items():
            if directory:
                path = f"{self._root}/{directory}"
                os.chmod(path, entry.permissions)
                _set_time(path, entry)
        self.finished = True


def _lstat(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def _remove(path: str) -> None:
    found = _lstat(path)
    if found is None:
        return
    if stat.S_ISDIR(found.st_mode):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def _write(fd: int, data: bytes) -> None:
    written = os.write(fd, data)
    while written < len(data):
        data = data[written:]
        written = os.write(fd, data)


def _set_time(path: str | int, entry: Stat) -> None:
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
