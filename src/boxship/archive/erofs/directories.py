"""Directory blocks: sorted entries, then their names (erofs_fs.h, struct erofs_dirent)."""

import struct

from boxship.archive.entry import Kind
from boxship.archive.erofs.format import BLOCK, SLOT
from boxship.archive.erofs.tree import Node

_DIRENT = 12
_pack = struct.Struct("<QHBx").pack
# Values of the kernel's FT_* types.
_TYPES = {
    Kind.FILE: 1,
    Kind.DIR: 2,
    Kind.CHAR: 3,
    Kind.BLOCK: 4,
    Kind.FIFO: 5,
    Kind.SYMLINK: 7,
}


class Listing:
    """A directory's names in order, cut into blocks. Offsets of inodes may come later."""

    __slots__ = ("_cuts", "_names", "size")

    def __init__(self, directory: Node) -> None:
        assert directory.children is not None
        names = sorted([*directory.children, b".", b".."])
        cuts, used = [0], 0
        for index, name in enumerate(names):
            used += _DIRENT + len(name)
            if used > BLOCK:
                cuts.append(index)
                used = _DIRENT + len(name)
        cuts.append(len(names))
        self._names = names
        self._cuts = cuts
        self.size = (len(cuts) - 2) * BLOCK + used

    def encode(self, directory: Node) -> bytes:
        """All blocks, the last one unpadded, once every inode has its offset."""
        children = dict(directory.children or {})
        children[b"."], children[b".."] = directory, directory.parent
        blocks = [
            _block(self._names[first:last], children)
            for first, last in zip(self._cuts, self._cuts[1:], strict=False)
        ]
        padded = [block.ljust(BLOCK, b"\0") for block in blocks[:-1]]
        return b"".join([*padded, blocks[-1]])


def _block(names: list[bytes], children: dict[bytes, Node]) -> bytes:
    at = _DIRENT * len(names)
    parts = []
    for name in names:
        node = children[name]
        parts.append(_pack(node.offset // SLOT, at, _TYPES[node.entry.kind]))
        at += len(name)
    return b"".join(parts + names)
