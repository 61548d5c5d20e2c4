"""Unpacks layers into a directory, for kernels that cannot mount them as they are stored."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from boxship.archive import whiteout
from boxship.archive.entry import Entry, Kind
from boxship.archive.reader import TarReader
from boxship.sandbox.workers.descriptor import chunks
from boxship.sandbox.workers.layer_sink import ChunkReader
from boxship.sandbox.workers.parents import Parents, kind_of
from boxship.sandbox.workers.place import Placer, Rules
from boxship.sandbox.workers.remove import remove

_OPAQUE_VALUE = b"y"
_ROOT_MODE = 0o755


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Unpack the archives *fds*, files, bottom layer first, into the directory ``target``.

    ``args["whiteouts"]``: ``apply`` makes one tree of all layers, ``keep`` turns whiteouts and
    opaque marks into overlayfs' own (Documentation/filesystems/overlayfs.rst), for one layer.
    """
    os.umask(0)
    target = os.open(args["target"], os.O_RDONLY | os.O_DIRECTORY)
    os.fchmod(target, _ROOT_MODE)
    for fd in fds:
        _Layer(target, fd, apply=args["whiteouts"] == "apply").unpack()
    return {}


@dataclass
class _Marks:
    """What a layer says about the layers below it: paths that it deletes, directories that it
    hides the content of."""

    deleted: list[bytes] = field(default_factory=list)
    opaque: list[bytes] = field(default_factory=list)


class _Layer:
    """One archive on its way into *target*."""

    def __init__(self, target: int, fd: int, apply: bool) -> None:
        self._target = target
        self._fd = fd
        self._apply = apply
        self._parents = Parents(target, b"/")

    def unpack(self) -> None:
        marks = self._marks()
        if self._apply:
            # Marks speak of the layers below only, so they come before anything of this one.
            self._apply_marks(marks)
        placer = Placer(self._target, b"/", Rules())
        root: Entry | None = None
        reader = self._reader()
        for entry in reader:
            if not entry.path:
                root = entry
            elif not _is_mark(entry):
                placer.place(entry, reader.body())
        if not self._apply:
            self._keep_marks(marks)
        placer.finish()
        self._parents.forget()
        if root is not None:
            os.fchown(self._target, root.uid, root.gid)
            os.fchmod(self._target, root.mode)
            os.utime(self._target, ns=(root.mtime, root.mtime))

    def _reader(self) -> TarReader:
        os.lseek(self._fd, 0, os.SEEK_SET)
        return TarReader(ChunkReader(chunks(self._fd)).read)

    def _marks(self) -> _Marks:
        marks = _Marks()
        for entry in self._reader():
            deleted = whiteout.target(entry.path)
            if whiteout.is_opaque(entry.path):
                marks.opaque.append(whiteout.split(entry.path)[0])
            elif deleted is not None:
                marks.deleted.append(deleted)
        return marks

    def _apply_marks(self, marks: _Marks) -> None:
        for path in marks.deleted:
            directory, name = whiteout.split(path)
            parent = self._find(directory)
            if parent >= 0:
                remove(parent, name)
                os.close(parent)
        for path in marks.opaque:
            directory_fd = self._find(path)
            if directory_fd >= 0:
                readable = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=directory_fd)
                for child in os.listdir(readable):
                    remove(readable, os.fsencode(child))
                os.close(readable)
                os.close(directory_fd)

    def _find(self, directory: bytes) -> int:
        """An O_PATH descriptor, the caller's; -1 where the layers below have no such directory."""
        try:
            return self._parents.find(directory)
        except (FileNotFoundError, NotADirectoryError):
            return -1

    def _keep_marks(self, marks: _Marks) -> None:
        for path in marks.deleted:
            directory, name = whiteout.split(path)
            parent = self._parents.get(directory)
            present = kind_of(parent, name)
            if present is None:
                os.mknod(name, 0o020000, 0, dir_fd=parent)
            elif present == 0o040000:
                marks.opaque.append(path)
        for path in marks.opaque:
            fd = self._parents.get(path)
            # An O_PATH descriptor takes no attributes itself.
            os.setxattr(f"/proc/self/fd/{fd}", whiteout.OPAQUE_XATTR, _OPAQUE_VALUE)


def _is_mark(entry: Entry) -> bool:
    parts = entry.path.split(b"/")
    return any(part.startswith(whiteout.META_PREFIX) for part in parts) or (
        entry.kind is not Kind.DIR and whiteout.target(entry.path) is not None
    )
