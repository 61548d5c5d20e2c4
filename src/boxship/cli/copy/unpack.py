"""An archive from a container, written to this machine.

The archive is the container's: no link in it is ever followed, every directory is walked by
descriptor without following links, and nothing outside the target directory is touched.
"""

from __future__ import annotations

import os
import stat

from boxship.archive.entry import Entry, Kind
from boxship.archive.errors import TarError
from boxship.archive.reader import TarReader
from boxship.archive.sparse import expand
from boxship.cli.errors import Failed
from boxship.cli.pump import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boxship.cli.copy.places import Plan

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class _Stream:
    """``read(n)`` over chunks."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""
        self.count = 0

    def read(self, size: int) -> bytes:
        if not self._rest:
            self._rest = next(self._chunks, b"")
        data, self._rest = self._rest[:size], self._rest[size:]
        self.count += len(data)
        return data

    def drain(self) -> None:
        for chunk in self._chunks:
            self.count += len(chunk)


def unpack(chunks: Iterable[bytes], plan: Plan, *, keep_owner: bool) -> int:
    """Write the members where *plan* says; the number of the archive's bytes.

    *keep_owner* gives files their owners in the container; without it they are the user's.
    """
    stream = _Stream(chunks)
    try:
        root = os.open(plan.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        directory = os.path.abspath(os.fsdecode(plan.directory))
        raise Failed(f'invalid output path: directory "{directory}" does not exist') from error
    try:
        _Unpacker(root, plan, keep_owner).run(TarReader(stream.read))
        stream.drain()
    except OSError as error:
        raise Failed(f"{error.filename or plan.directory}: {error.strerror}") from error
    finally:
        os.close(root)
    return stream.count


class _Unpacker:
    def __init__(self, root: int, plan: Plan, keep_owner: bool) -> None:
        self.root = root
        self.plan = plan
        self.keep_owner = keep_owner
        self.directories: list[tuple[bytes, Entry]] = []

    def run(self, reader: TarReader) -> None:
        for entry in reader:
            path = self.plan.renamed(entry.path)
            self.member(path, entry, reader.body())
        # Late, so that a read-only directory can be filled and times are not changed again.
        for path, entry in reversed(self.directories):
            parent, name = self.parent(path)
            try:
                self.attributes(parent, name, entry)
            finally:
                os.close(parent)

    def member(self, path: bytes, entry: Entry, body: Iterator[bytes]) -> None:
        if not path:
            return
        parent, name = self.parent(path)
        try:
            if entry.kind is Kind.DIR:
                self.directory(parent, name)
                self.directories.append((path, entry))
                return
            _clear(parent, name)
            self.make(parent, name, entry, body)
            self.attributes(parent, name, entry)
        finally:
            os.close(parent)

    def parent(self, path: bytes) -> tuple[int, bytes]:
        """The open directory that holds *path* (made if missing), and its name there."""
        *parents, name = path.split(b"/")
        directory = os.dup(self.root)
        for part in parents:
            try:
                following = _enter(directory, part)
            finally:
                os.close(directory)
            directory = following
        return directory, name

    def directory(self, parent: int, name: bytes) -> None:
        try:
            if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
                raise Failed(f"cannot overwrite non-directory {os.fsdecode(name)!r}")
        except FileNotFoundError:
            os.mkdir(name, 0o700, dir_fd=parent)

    def make(self, parent: int, name: bytes, entry: Entry, body: Iterator[bytes]) -> None:
        if entry.kind is Kind.FILE:
            self.file(parent, name, entry, body)
        elif entry.kind is Kind.SYMLINK:
            os.symlink(entry.link, name, dir_fd=parent)
        elif entry.kind is Kind.HARDLINK:
            self.hard_link(parent, name, entry)
        elif entry.kind is Kind.FIFO:
            os.mkfifo(name, 0o600, dir_fd=parent)
        else:
            kind = stat.S_IFCHR if entry.kind is Kind.CHAR else stat.S_IFBLK
            os.mknod(name, 0o600 | kind, os.makedev(entry.major, entry.minor), dir_fd=parent)

    def file(self, parent: int, name: bytes, entry: Entry, body: Iterator[bytes]) -> None:
        descriptor = os.open(name, _NEW_FILE, 0o600, dir_fd=parent)
        try:
            for chunk in expand(entry, body):
                write_all(descriptor, chunk)
        finally:
            os.close(descriptor)

    def hard_link(self, parent: int, name: bytes, entry: Entry) -> None:
        source, target = self.parent(self.plan.renamed(entry.link))
        try:
            os.link(target, name, src_dir_fd=source, dst_dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            raise TarError(f"{os.fsdecode(entry.path)}: a hard link to nothing") from None
        finally:
            os.close(source)

    def attributes(self, parent: int, name: bytes, entry: Entry) -> None:
        if self.keep_owner:
            os.chown(name, entry.uid, entry.gid, dir_fd=parent, follow_symlinks=False)
        if entry.kind is not Kind.SYMLINK:
            os.chmod(name, entry.mode, dir_fd=parent)
        times = (entry.mtime, entry.mtime)
        os.utime(name, ns=times, dir_fd=parent, follow_symlinks=False)


def _enter(directory: int, name: bytes) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=directory)
    except FileNotFoundError:
        os.mkdir(name, 0o755, dir_fd=directory)
        return os.open(name, _DIRECTORY, dir_fd=directory)


def _clear(parent: int, name: bytes) -> None:
    """Make room for a file: what is there goes, unless it is a directory."""
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        pass
    except (IsADirectoryError, PermissionError):
        if stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            text = f"cannot overwrite directory {os.fsdecode(name)!r} with non-directory"
            raise Failed(text) from None
        raise
