"""EROFS on disk: the structures that an index uses (Linux fs/erofs/erofs_fs.h, little endian).

Blocks are 512 bytes, as tar aligns its data. Every inode is the 64-byte extended form, since only
that one carries a modification time. Inode numbers are offsets in the image divided by 32.
"""

import struct

BLOCK_BITS = 9
BLOCK = 1 << BLOCK_BITS
SLOT = 32
SUPER_OFFSET = 1024
DEVICE_OFFSET = 1152
META_OFFSET = 1536

MAGIC = 0xE0F5E1E2
COMPAT_MTIME = 2
INCOMPAT_CHUNKED, INCOMPAT_DEVICES = 4, 8

# i_format: bit 0 says extended, the data layout follows.
FLAT_PLAIN, FLAT_INLINE, CHUNKED = 1 | 0 << 1, 1 | 2 << 1, 1 | 4 << 1
CHUNK_INDEXES = 0x20
MAX_CHUNK_BITS = 31  # chunk size as a power of two of blocks
MAX_BLOCKS = 0xFFFFFFFE
_MAX_SECONDS = (1 << 63) - 1

_SUPER = struct.Struct("<I4xIBxHQ12xI")  # up to the block count
_FEATURES = struct.Struct("<I2xHH")  # at 80: incompatible features, devices, slot of the first
_DEVICE = struct.Struct("<64xI60x")
_INODE = struct.Struct("<HHHHQIIIIqIIQQ")
INODE_SIZE = _INODE.size


def superblock(root: int, inodes: int, blocks: int, data_blocks: int) -> bytes:
    """Everything up to the first inode: boot area, superblock, one device slot for the data."""
    head = bytearray(META_OFFSET)
    # No checksum: erofs-utils 1.8 cannot verify one over blocks of 512 bytes.
    _SUPER.pack_into(head, SUPER_OFFSET, MAGIC, COMPAT_MTIME, BLOCK_BITS, root, inodes, blocks)
    features = INCOMPAT_CHUNKED | INCOMPAT_DEVICES
    _FEATURES.pack_into(head, SUPER_OFFSET + 80, features, 1, DEVICE_OFFSET // _DEVICE.size)
    _DEVICE.pack_into(head, DEVICE_OFFSET, data_blocks)
    return bytes(head)


def inode(
    layout: int,
    xattr_size: int,
    mode: int,
    size: int,
    union: int,
    number: int,
    owner: tuple[int, int],
    mtime: int,
    links: int,
) -> bytes:
    """An extended inode. *union* is a start block, a device number or a chunk format.

    A time that 64 bits of seconds cannot hold becomes 1970, as with dockerd.
    """
    seconds, nanoseconds = divmod(mtime, 1_000_000_000)
    if not -_MAX_SECONDS <= seconds <= _MAX_SECONDS:
        seconds = nanoseconds = 0
    count = (xattr_size - 12) // 4 + 1 if xattr_size else 0
    return _INODE.pack(
        layout, count, mode, 0, size, union, number, *owner, seconds, nanoseconds, links, 0, 0
    )


def device_number(major: int, minor: int) -> int:
    """The kernel's 32-bit encoding: 12 bits of major, 20 of minor."""
    return (minor & 0xFF) | major << 8 | (minor & ~0xFF) << 12
