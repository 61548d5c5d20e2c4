"""Writes trees and single objects as archives: hard links, holes, attributes, mounts."""

import os
from collections.abc import Callable, Iterable, Iterator

from boxship.archive.entry import Entry, Extent, Kind
from boxship.archive.headers import BLOCK
from boxship.archive.writer import TarWriter
from boxship.kernel import statfs
from boxship.sandbox.workers import members
from boxship.sandbox.workers.sink import Sink
from boxship.sandbox.workers.walk import Node


class Packer:
    """Writes objects to *sink*, later names of one inode as hard links to the first.

    *on_entry* gets every entry with its extents in the stream.
    """

    def __init__(self, sink: Sink, on_entry: Callable[[Entry], object] | None = None) -> None:
        self._sink = sink
        self._writer = TarWriter(sink.write)
        self._on_entry = on_entry
        self._first_names: dict[tuple[int, int], bytes] = {}

    def add(self, name: bytes, fd: int, status: os.stat_result) -> None:
        """Add the object behind the O_PATH descriptor *fd* as *name*; sockets are left out."""
        entry = members.entry_of(name, fd, status)
        if entry is None:
            return
        if status.st_nlink > 1 and entry.kind is not Kind.DIR:
            inode = (status.st_dev, status.st_ino)
            first = self._first_names.setdefault(inode, name)
            if first != name:
                entry.kind, entry.link = Kind.HARDLINK, first
        if entry.kind is Kind.FILE:
            self._add_file(entry, fd)
        else:
            if entry.kind is Kind.DIR:
                entry.xattrs = _directory_xattrs(fd)
            self._write(entry, ())

    def add_empty(self, name: bytes, mode: int) -> None:
        """Add an empty file that stands for something else."""
        self._write(Entry(name, Kind.FILE, mode), ())

    def _add_file(self, entry: Entry, node: int) -> None:
        fd = members.open_data(node)
        try:
            members.add_data(entry, fd)
            self._write(entry, members.body(entry, fd))
        finally:
            os.close(fd)

    def _write(self, entry: Entry, chunks: Iterable[bytes]) -> None:
        self._writer.add(entry, chunks)
        if self._on_entry is not None:
            if entry.kind is Kind.FILE:
                entry.extents = placed(entry, self._sink.size)
            self._on_entry(entry)

    def add_tree(self, nodes: Iterable[Node], rename: Callable[[bytes], bytes]) -> None:
        """Add *nodes*, each under the name that *rename* makes of its path."""
        for node in nodes:
            self.add(rename(node.path), node.fd, node.stat)

    def close(self) -> None:
        """Write the end marker and everything pending."""
        self._writer.close()
        self._sink.flush()


def _directory_xattrs(node: int) -> dict[str, bytes]:
    fd = members.open_directory(node)
    try:
        return members.xattrs(fd)
    finally:
        os.close(fd)


def placed(entry: Entry, end: int) -> tuple[Extent, ...]:
    """The extents of a file whose padded data ends at *end* in the stream."""
    runs = [run for run in entry.extents or ((0, 0, entry.size),) if run[2]]
    stored = sum(length for _, _, length in runs)
    at = end - stored - -stored % BLOCK
    found = []
    for offset, _, length in runs:
        found.append((offset, at, length))
        at += length
    return tuple(found)


def without_kernel_objects(nodes: Iterable[Node]) -> Iterator[Node]:
    """Keep out of procfs, sysfs and their like, which show up in a running container's root."""
    device = None
    for node in nodes:
        if node.is_dir and node.stat.st_dev != device:
            if statfs.magic(node.fd) in statfs.KERNEL_OBJECTS:
                node.names.clear()
            else:
                device = node.stat.st_dev
        yield node


class Mount:
    """The mount that a walk starts in."""

    def __init__(self, start: int) -> None:
        self._device = os.fstat(start).st_dev
        self._id = _mount_id(start)

    def has(self, node: Node) -> bool:
        """Whether *node* lies in it, and not in something mounted over it."""
        # Files of one overlay may differ in device, so only the mount tells for sure.
        return node.stat.st_dev == self._device or _mount_id(node.fd) == self._id


def _mount_id(fd: int) -> bytes:
    """The mount that *fd* lies in (proc(5), /proc/pid/fdinfo)."""
    with open(f"/proc/self/fdinfo/{fd}", "rb") as info:
        return next(line for line in info if line.startswith(b"mnt_id:"))
