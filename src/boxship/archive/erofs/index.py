"""Writes the EROFS index of an archive: metadata only, data stays where it is.

Mount it with the archive as an extra device (``mount -t erofs -o device=layer.tar index``); Linux
6.12 and later need no loop device for either file. The same archive gives the same bytes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from boxship.archive.entry import Entry
from boxship.archive.erofs import xattrs
from boxship.archive.erofs.bodies import Body, File, Flat, ReadAt, body_of
from boxship.archive.erofs.format import (
    BLOCK,
    INODE_SIZE,
    MAX_BLOCKS,
    META_OFFSET,
    SLOT,
    inode,
    superblock,
)
from boxship.archive.erofs.tree import Node, Tree
from boxship.archive.errors import TarError
from boxship.archive.paths import shown

# What all sparse members of one archive together may add to its index, in bytes: a few bytes of
# archive can describe holes whose records take gigabytes.
MAX_SPARSE_COST = 1 << 30
_FREE_COST = 4096
_FLUSH = 1 << 20


@dataclass(frozen=True, slots=True)
class IndexStats:
    """``size`` and ``copied`` are bytes: of the whole index, and of data copied into it.

    ``root_opaque`` says that the layer hides everything below it, which overlayfs does not heed
    on a root: leave the layers below out of the mount.
    """

    inodes: int
    size: int
    copied: int
    root_opaque: bool


class IndexBuilder:
    """Collects the entries of one archive, then writes its index."""

    def __init__(self, *, layer: bool = True) -> None:
        """With *layer*, names that start with ``.wh.`` are whiteouts (OCI image spec)."""
        self._tree = Tree(layer=layer)

    def add(self, entry: Entry) -> None:
        """Take the next entry. What no extraction could do is a :class:`TarError`."""
        self._tree.add(entry)

    def write(self, out: BinaryIO, tar_size: int, read_at: ReadAt | None = None) -> IndexStats:
        """Write the index to *out*, front to back; call it once, after the last entry.

        *tar_size* is the archive's length in bytes. *read_at* (offset, length) reads the archive;
        only sparse members whose runs do not lie on block boundaries need it.
        """
        if tar_size > MAX_BLOCKS * BLOCK:
            raise TarError(f"the archive is too large to be indexed ({tar_size} bytes)")
        nodes = self._tree.finish()
        image = _Image(nodes, tar_size)
        root = self._tree.root
        writer = _Writer(out)
        blocks = image.end // BLOCK
        writer.put(0, superblock(root.offset // SLOT, len(nodes), blocks, -(-tar_size // BLOCK)))
        for at, data in image.inodes():
            writer.put(at, data)
        writer.pad(image.data_start)
        for piece in image.data(read_at or _no_data):
            writer.put(writer.position, piece)
        writer.pad(image.end)
        writer.flush()
        return IndexStats(len(nodes), image.end, image.copied, root.opaque)


def build_index(
    entries: Iterable[Entry],
    out: BinaryIO,
    *,
    layer: bool = True,
    tar_size: int | None = None,
    read_at: ReadAt | None = None,
) -> IndexStats:
    """Index *entries*; without *tar_size* the archive is taken to end with its last data."""
    builder, end = IndexBuilder(layer=layer), 0
    for entry in entries:
        builder.add(entry)
        for _, at, length in entry.extents[-1:]:
            end = at + length
    return builder.write(out, end if tar_size is None else tar_size, read_at)


class _Image:
    """Every inode's place: the inodes one after the other, then whole blocks of data."""

    def __init__(self, nodes: list[Node], tar_size: int) -> None:
        self._placed: list[tuple[Body, bytes, int]] = []
        self.copied = sparse = 0
        cursor, block = META_OFFSET, 0
        for node in nodes:
            for _, at, length in node.entry.extents[-1:]:
                if at + length > tar_size:
                    raise TarError(f"{shown(node.entry.path)}: the archive is cut off")
            body = body_of(node)
            attributes = xattrs.encode(node.entry, node.opaque)
            node.offset = _place(cursor, INODE_SIZE + len(attributes), body)
            end = _align(node.offset + INODE_SIZE + len(attributes), body.align) + body.inline
            cursor = _align(end, SLOT)
            self._placed.append((body, attributes, block))
            block += body.blocks
            if isinstance(body, File):
                self.copied += body.plan.copied_bytes
                sparse += body.plan.cost if body.plan.cost > _FREE_COST else 0
                if sparse > MAX_SPARSE_COST:
                    raise TarError("the archive's sparse members are too large to be indexed")
        self.data_start = _align(cursor, BLOCK)
        self.end = self.data_start + block * BLOCK
        if self.end > MAX_BLOCKS * BLOCK:
            raise TarError("the archive has too many members to be indexed")

    def inodes(self) -> Iterator[tuple[int, bytes]]:
        """(offset, inode with what follows it)."""
        base = self.data_start // BLOCK
        for body, attributes, block in self._placed:
            node = body.node
            entry = node.entry
            head = inode(
                body.layout,
                len(attributes),
                body.mode,
                body.size,
                body.union(base + block),
                node.number,
                (entry.uid, entry.gid),
                entry.mtime,
                node.links,
            )
            if not body.inline:
                yield node.offset, head + attributes
                continue
            gap = -(node.offset + INODE_SIZE + len(attributes)) % body.align
            yield node.offset, b"".join((head, attributes, bytes(gap), body.behind(base + block)))

    def data(self, read_at: ReadAt) -> Iterator[bytes]:
        for body, _, _ in self._placed:
            if body.blocks:
                yield from body.data(read_at)


class _Writer:
    """Sequential writes at ascending positions, gaps as zeros, in large pieces."""

    def __init__(self, out: BinaryIO) -> None:
        self.position = 0
        self._out = out
        self._buffer = bytearray()

    def put(self, at: int, data: bytes) -> None:
        self.pad(at)
        self._buffer += data
        self.position = at + len(data)
        if len(self._buffer) > _FLUSH:
            self.flush()

    def pad(self, to: int) -> None:
        self._buffer += bytes(to - self.position)
        self.position = to

    def flush(self) -> None:
        self._out.write(self._buffer)
        self._buffer = bytearray()


def _place(cursor: int, head: int, body: Body) -> int:
    """Where the inode goes: an inline part must lie within one block, if it has to be flat."""
    if not body.inline or not isinstance(body, Flat):
        return cursor
    start = (cursor + head) % BLOCK
    if start + body.inline <= BLOCK:
        return cursor
    moved = cursor + _align(BLOCK - start, SLOT)
    if (moved + head) % BLOCK + body.inline <= BLOCK:
        return moved
    body.spill()
    return cursor


def _align(value: int, to: int) -> int:
    return (value + to - 1) & -to


def _no_data(offset: int, length: int) -> bytes:
    raise TarError("a sparse member's data does not lie on block boundaries")
