"""What follows an inode: chunk records, directory entries, a link's target, or nothing."""

import stat
from collections.abc import Callable, Iterator

from boxship.archive.entry import KINDS, Kind
from boxship.archive.erofs import chunks
from boxship.archive.erofs.directories import Listing
from boxship.archive.erofs.format import (
    BLOCK,
    CHUNK_INDEXES,
    CHUNKED,
    FLAT_INLINE,
    FLAT_PLAIN,
    device_number,
)
from boxship.archive.erofs.tree import Node
from boxship.archive.errors import TarError
from boxship.archive.paths import shown

ReadAt = Callable[[int, int], bytes]
_TYPES = {kind: type_ for type_, kind in KINDS.items()}
_PIECE = 1 << 20
_MAX_MAJOR, _MAX_MINOR = 0xFFF, 0xFFFFF


class Body:
    """Devices, fifos and empty files: no data at all.

    ``inline`` bytes go behind the inode and its attributes, aligned to ``align``; ``blocks`` whole
    blocks go into the data area.
    """

    __slots__ = ("blocks", "inline", "layout", "node", "size")
    align = 1

    def __init__(self, node: Node, layout: int = FLAT_PLAIN, size: int = 0) -> None:
        self.node = node
        self.layout = layout
        self.size = size
        self.inline = self.blocks = 0

    @property
    def mode(self) -> int:
        entry = self.node.entry
        return _TYPES[entry.kind] | entry.mode

    def union(self, block: int) -> int:
        """The inode's start block, device number or chunk format; *block* is the data's first."""
        entry = self.node.entry
        if entry.kind is not Kind.CHAR and entry.kind is not Kind.BLOCK:
            return 0
        if entry.major > _MAX_MAJOR or entry.minor > _MAX_MINOR:
            raise TarError(f"{shown(entry.path)}: device number is out of range")
        return device_number(entry.major, entry.minor)

    def behind(self, block: int) -> bytes:
        """The inline bytes."""
        return b""

    def data(self, read_at: ReadAt) -> Iterator[bytes]:
        """The blocks of the data area, padded."""
        return iter(())


class Run(Body):
    """A file whose data is one run of whole blocks in the archive, as nearly all are."""

    __slots__ = ()
    align = chunks.RECORD

    def __init__(self, node: Node) -> None:
        super().__init__(node, CHUNKED, node.entry.size)
        self.inline = chunks.RECORD

    def union(self, block: int) -> int:
        return CHUNK_INDEXES | chunks.whole_bits(self.size)

    def behind(self, block: int) -> bytes:
        return chunks.record(self.node.entry.extents[0][1] // BLOCK)


class File(Body):
    """Any file that is not empty: chunk records, and copies of what cannot be pointed at."""

    __slots__ = ("plan",)
    align = chunks.RECORD

    def __init__(self, node: Node) -> None:
        super().__init__(node, CHUNKED, node.entry.size)
        self.plan = chunks.plan(node.entry)
        self.inline = chunks.RECORD * self.plan.count
        self.blocks = self.plan.copied_bytes // BLOCK

    def union(self, block: int) -> int:
        return CHUNK_INDEXES | self.plan.bits

    def behind(self, block: int) -> bytes:
        return chunks.records(self.plan, block)

    def data(self, read_at: ReadAt) -> Iterator[bytes]:
        for at, length in chunks.copies(self.plan, self.node.entry.extents):
            for start in range(0, length, _PIECE):
                count = min(_PIECE, length - start)
                piece = bytes(count) if at < 0 else read_at(at + start, count)
                if len(piece) != count:
                    raise TarError(f"{shown(self.node.entry.path)}: the archive is cut off")
                yield piece


class Flat(Body):
    """Bytes in whole blocks, the rest of them behind the inode where it fits into its block."""

    __slots__ = ()

    def __init__(self, node: Node, size: int) -> None:
        super().__init__(node, FLAT_INLINE, size)
        self.blocks, self.inline = divmod(size, BLOCK)

    def spill(self) -> None:
        """Give up on the inline part."""
        self.layout = FLAT_PLAIN
        self.blocks, self.inline = -(-self.size // BLOCK), 0

    def content(self) -> bytes:
        raise NotImplementedError

    def union(self, block: int) -> int:
        return block

    def behind(self, block: int) -> bytes:
        return self.content()[self.blocks * BLOCK :] if self.inline else b""

    def data(self, read_at: ReadAt) -> Iterator[bytes]:
        if self.blocks:
            yield self.content()[: self.blocks * BLOCK].ljust(self.blocks * BLOCK, b"\0")


class Symlink(Flat):
    __slots__ = ()

    def __init__(self, node: Node) -> None:
        super().__init__(node, len(node.entry.link))
        # The kernel caches targets that are inline as a whole.
        if self.blocks:
            self.spill()

    @property
    def mode(self) -> int:
        # Whatever an archive says, Linux has no other.
        return stat.S_IFLNK | 0o777

    def content(self) -> bytes:
        return self.node.entry.link


class Directory(Flat):
    __slots__ = ("_listing",)

    def __init__(self, node: Node) -> None:
        self._listing = Listing(node)
        super().__init__(node, self._listing.size)
        # An inline part of no bytes is not allowed.
        if not self.inline:
            self.spill()

    def content(self) -> bytes:
        return self._listing.encode(self.node)


def body_of(node: Node) -> Body:
    kind = node.entry.kind
    if kind is Kind.DIR:
        return Directory(node)
    if kind is Kind.SYMLINK:
        return Symlink(node)
    if kind is not Kind.FILE or not node.entry.size:
        return Body(node)
    return Run(node) if chunks.is_one_run(node.entry) else File(node)
