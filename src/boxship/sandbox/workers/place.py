"""Puts the members of an archive into a directory of a container's root.

The root may belong to a running, hostile container: every step works on descriptors, and nothing
is opened through a name that could have become a link.
"""

import errno
import json
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from boxship.archive.entry import Entry, Kind
from boxship.base.errors import InvalidParameter
from boxship.sandbox.workers import lookup
from boxship.sandbox.workers.members import is_kept
from boxship.sandbox.workers.parents import Parents, kind_of
from boxship.sandbox.workers.remove import remove

_ROUNDS = 8  # against a process that puts something back in the place of what was removed
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_IGNORED_XATTR_ERRORS = (errno.ENOTSUP, errno.EPERM, errno.EINVAL)
# What an archive's own content can cause, and the one who sent it has to mend.
_SENDERS_FAULT = frozenset(
    {errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EXDEV}
    | {errno.ENAMETOOLONG, errno.EINVAL, errno.EEXIST, errno.EMLINK, errno.EFBIG}
)


@dataclass(frozen=True, slots=True)
class Rules:
    """``owner`` replaces the archive's (uid, gid). With ``same_kind`` a directory never takes the
    place of something else, nor the other way round.
    """

    same_kind: bool = False
    owner: tuple[int, int] | None = None


class Placer:
    """Puts members below *destination*, an absolute clean path in *root*."""

    def __init__(self, root: int, destination: bytes, rules: Rules) -> None:
        self._parents = Parents(root, destination)
        self._destination = destination
        self._rules = rules
        self._directories: list[tuple[bytes, int]] = []

    def place(self, entry: Entry, chunks: Iterable[bytes]) -> None:
        """Put one member in place; *chunks* are its stored data."""
        if not entry.path:
            if entry.kind is not Kind.DIR:
                raise InvalidParameter("the archive's root has to be a directory")
            return
        try:
            self._place(entry, chunks)
        except OSError as error:
            if error.errno not in _SENDERS_FAULT:
                raise
            reason = str(error.strerror).lower()
            raise InvalidParameter(f"{lookup.text(self._absolute(entry))}: {reason}") from None

    def finish(self) -> None:
        """Set the times of directories, which placing members in them has changed."""
        for path, mtime in reversed(self._directories):
            directory, _, name = path.rpartition(b"/")
            try:
                fd = os.open(name, _OPEN_DIR, dir_fd=self._parents.get(directory))
            except OSError:
                continue  # replaced later on, by the archive or by the container
            os.utime(fd, ns=(mtime, mtime))
            os.close(fd)
        self._parents.forget()

    def _absolute(self, entry: Entry) -> bytes:
        return self._parents.absolute(entry.path)

    def _place(self, entry: Entry, chunks: Iterable[bytes]) -> None:
        directory, _, name = entry.path.rpartition(b"/")
        make = _MAKERS[entry.kind]
        for _ in range(_ROUNDS):
            dirfd = self._parents.get(directory)
            try:
                self._clear(dirfd, name, entry)
                make(self, dirfd, name, entry, chunks)
                return
            except FileExistsError:
                continue
        raise FileExistsError(errno.EEXIST, "the path keeps changing", entry.path)

    def _clear(self, dirfd: int, name: bytes, entry: Entry) -> None:
        """Make room for *entry*: only a directory over a directory leaves what is there."""
        present = kind_of(dirfd, name)
        if present is None:
            return
        was_dir, is_dir = present == stat.S_IFDIR, entry.kind is Kind.DIR
        if self._rules.same_kind and was_dir != is_dir:
            old, new = ("directory", "non-directory") if was_dir else ("non-directory", "directory")
            path, into = _quoted(self._absolute(entry)), _quoted(self._destination)
            raise InvalidParameter(f"cannot overwrite {old} {path} with {new} {into}")
        if not (was_dir and is_dir):
            remove(dirfd, name)
            if was_dir or present == stat.S_IFLNK:
                self._parents.forget()
                # The descriptor that the caller holds is closed now.
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)

    def _owner(self, entry: Entry) -> tuple[int, int]:
        return self._rules.owner or (entry.uid, entry.gid)

    def _make_file(self, dirfd: int, name: bytes, entry: Entry, chunks: Iterable[bytes]) -> None:
        fd = os.open(name, _NEW_FILE, 0o600, dir_fd=dirfd)
        try:
            _write(fd, entry, chunks)
            self._dress(fd, entry)
            os.utime(fd, ns=(entry.mtime, entry.mtime))
        except BaseException:
            os.unlink(name, dir_fd=dirfd)
            raise
        finally:
            os.close(fd)

    def _make_directory(
        self, dirfd: int, name: bytes, entry: Entry, chunks: Iterable[bytes]
    ) -> None:
        try:
            os.mkdir(name, 0o700, dir_fd=dirfd)
        except FileExistsError:
            pass
        fd = os.open(name, _OPEN_DIR, dir_fd=dirfd)
        try:
            self._dress(fd, entry)
        finally:
            os.close(fd)
        self._directories.append((entry.path, entry.mtime))

    def _make_symlink(self, dirfd: int, name: bytes, entry: Entry, chunks: Iterable[bytes]) -> None:
        self._require_inside(entry)
        os.symlink(entry.link, name, dir_fd=dirfd)
        self._dress_name(dirfd, name, entry)

    def _make_hard_link(
        self, dirfd: int, name: bytes, entry: Entry, chunks: Iterable[bytes]
    ) -> None:
        directory, _, target = entry.link.rpartition(b"/")
        source = self._parents.find(directory)
        try:
            os.link(target, name, src_dir_fd=source, dst_dir_fd=dirfd, follow_symlinks=False)
        finally:
            os.close(source)

    def _make_node(self, dirfd: int, name: bytes, entry: Entry, chunks: Iterable[bytes]) -> None:
        kind = _NODE_TYPES[entry.kind]
        os.mknod(name, kind | entry.mode, os.makedev(entry.major, entry.minor), dir_fd=dirfd)
        self._dress_name(dirfd, name, entry)

    def _require_inside(self, entry: Entry) -> None:
        """Refuse a relative link that climbs above the destination, as dockerd does."""
        path = self._absolute(entry)
        target = lookup.clean(path.rpartition(b"/")[0] + b"/" + entry.link)
        if not target.startswith(self._destination):
            shown = f"{_quoted(path)} -> {_quoted(entry.link)}"
            raise InvalidParameter(f"invalid symlink {shown}")

    def _dress(self, fd: int, entry: Entry) -> None:
        """Owner first: changing it clears set-id bits and capabilities."""
        os.fchown(fd, *self._owner(entry))
        os.fchmod(fd, entry.mode)
        for key, value in entry.xattrs.items():
            if is_kept(key):
                _set_xattr(fd, key, value)

    def _dress_name(self, dirfd: int, name: bytes, entry: Entry) -> None:
        os.chown(name, *self._owner(entry), dir_fd=dirfd, follow_symlinks=False)
        times = (entry.mtime, entry.mtime)
        os.utime(name, ns=times, dir_fd=dirfd, follow_symlinks=False)


_Maker = Callable[[Placer, int, bytes, Entry, Iterable[bytes]], None]
_NODE_TYPES = {Kind.CHAR: stat.S_IFCHR, Kind.BLOCK: stat.S_IFBLK, Kind.FIFO: stat.S_IFIFO}
_MAKERS: dict[Kind, _Maker] = {
    Kind.FILE: Placer._make_file,
    Kind.DIR: Placer._make_directory,
    Kind.SYMLINK: Placer._make_symlink,
    Kind.HARDLINK: Placer._make_hard_link,
    Kind.CHAR: Placer._make_node,
    Kind.BLOCK: Placer._make_node,
    Kind.FIFO: Placer._make_node,
}


def _quoted(path: bytes) -> str:
    return json.dumps(lookup.text(path), ensure_ascii=False)


def _set_xattr(fd: int, key: str, value: bytes) -> None:
    try:
        os.setxattr(fd, key, value)
    except OSError as error:
        if error.errno not in _IGNORED_XATTR_ERRORS:
            raise


def _write(fd: int, entry: Entry, chunks: Iterable[bytes]) -> None:
    """Write the data runs of *entry* where they belong; what lies between stays a hole."""
    runs = iter(entry.extents)
    offset, _, left = next(runs, (0, 0, 0))
    for chunk in chunks:
        view = memoryview(chunk)
        while view:
            while not left:
                offset, _, left = next(runs)
            written = os.pwrite(fd, view[:left], offset)
            view, offset, left = view[written:], offset + written, left - written
    os.ftruncate(fd, entry.size)
