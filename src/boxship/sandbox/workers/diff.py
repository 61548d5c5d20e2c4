"""An upper directory as a layer: archive, digest, index (OCI image spec, layer.md)."""

import hashlib
import os
from collections.abc import Sequence
from io import FileIO
from typing import Any, BinaryIO, cast

from boxship.archive import whiteout
from boxship.archive.entry import Entry, Kind
from boxship.archive.erofs import IndexBuilder
from boxship.sandbox.workers.compare import Below
from boxship.sandbox.workers.pack import Packer
from boxship.sandbox.workers.sink import Sink
from boxship.sandbox.workers.upper import Placeholders, is_opaque, is_whiteout
from boxship.sandbox.workers.walk import Node, walk

_MARK_MODE = 0o600


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Write the upper directory ``fds[0]`` as an archive to ``fds[1]``.

    With ``fds[2]``, a file, its index goes there; ``fds[1]`` must then be a readable file too.
    *root*, when given, is the merged view of the layers below: without it directories appear that
    only the runtime touched. ``args``: ``exclude``, the placeholders that the runtime made.

    Returns ``digest`` and ``size`` of the archive; with an index, its hexadecimal ``index_digest``
    and ``content``, bytes of files and of what links point to.
    """
    # Its files are in memory as it is: in the upper directory, where the next step finds them.
    sink = Sink(fds[1], hashed=True, large=True)
    index = _Index() if len(fds) > 2 else None
    try:
        packer = Packer(sink, index.add if index else None)
        layer = _Layer(packer, Placeholders(args.get("exclude", ())), root)
        for node in walk(fds[0]):
            layer.add(node)
        layer.settle(b"")
        packer.close()
        answer: dict[str, Any] = {"size": sink.size}
        if index is not None:
            digest = index.write(fds[2], sink.size, fds[1])
            answer |= {"index_digest": digest, "content": index.content}
        return answer | {"digest": sink.digest()}
    finally:
        sink.close()


class _Index:
    """The index in the making; ``content`` counts bytes."""

    def __init__(self) -> None:
        self._builder = IndexBuilder()
        self.content = 0

    def add(self, entry: Entry) -> None:
        self._builder.add(entry)
        if entry.kind is Kind.FILE:
            self.content += entry.size
        elif entry.kind is Kind.SYMLINK:
            self.content += len(entry.link)

    def write(self, fd: int, size: int, archive: int) -> str:
        """Write it to *fd*; its digest."""
        with _HashedFile(os.dup(fd), "wb") as out:
            self._builder.write(
                cast(BinaryIO, out), size, lambda offset, length: os.pread(archive, length, offset)
            )
            return out.digest.hexdigest()


class _HashedFile(FileIO):
    """Hashes what is written; ``digest`` is complete at the end."""

    def __init__(self, fd: int, mode: str) -> None:
        super().__init__(fd, mode)
        self.digest = hashlib.sha256()

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self.digest.update(view)
        done = 0
        while done < len(view):
            done += super().write(view[done:]) or 0
        return done


class _Layer:
    """Adds the objects of an upper directory. Directories that perhaps only the runtime touched
    are held back until something in them is added.
    """

    def __init__(self, packer: Packer, placeholders: Placeholders, root: int | None) -> None:
        self._packer = packer
        self._placeholders = placeholders
        self._below = Below(root) if root is not None else None
        self._held: list[_Held] = []

    def add(self, node: Node) -> None:
        if not node.path:
            return
        self.settle(node.path)
        if is_whiteout(node.stat):
            self._release()
            self._packer.add_empty(whiteout.of(node.path), _MARK_MODE)
        elif self._is_suspect(node):
            if node.is_dir:
                self._held.append(_Held(node, self._is_needed(node)))
        else:
            self._release()
            self._packer.add(node.path, node.fd, node.stat)
            if self._hides(node):
                self._packer.add_empty(whiteout.opaque(node.path), _MARK_MODE)

    def settle(self, path: bytes) -> None:
        """Decide on the directories that the walk has left when it arrives at *path*."""
        while self._held and not path.startswith(self._held[-1].path + b"/"):
            if self._held[-1].needed:
                self._release()
            else:
                os.close(self._held.pop().fd)

    def _release(self) -> None:
        for held in self._held:
            self._packer.add(held.path, held.fd, held.stat)
            os.close(held.fd)
        self._held.clear()

    def _is_suspect(self, node: Node) -> bool:
        if self._placeholders.has(node):
            return self._below is None or not self._hides(node)
        return self._placeholders.are_in(node) and not self._hides(node)

    def _is_needed(self, node: Node) -> bool:
        """Whether a directory belongs into the layer even if nothing else in it does."""
        differs = self._below.differs(node) if self._below is not None else None
        return not self._placeholders.has(node) if differs is None else differs

    def _hides(self, node: Node) -> bool:
        # New directories are opaque too, which only matters where there is something to hide.
        return is_opaque(node) and (self._below is None or self._below.has(node.path))


class _Held:
    """A directory that outlives the walk's step; owns a descriptor of it."""

    def __init__(self, node: Node, needed: bool) -> None:
        self.path, self.stat, self.needed = node.path, node.stat, needed
        self.fd = os.dup(node.fd)
