"""Where a file's bytes are: EROFS chunk indexes that point into the archive (erofs_fs.h).

A file is cut into chunks of one power-of-two size; each is a hole or a run of whole blocks on some
device. A plain member is one chunk. Of a sparse member, chunks that mix data with hole, or whose
data does not lie on a block boundary, are copied into the image: the chunk size is the one that
makes records plus copies smallest.
"""

import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from boxship.archive.entry import Entry, Extent
from boxship.archive.erofs.format import BLOCK, BLOCK_BITS, MAX_CHUNK_BITS
from boxship.archive.errors import TarError
from boxship.archive.paths import shown

MAX_FILE = 1 << 44  # 16 TiB, ext4's limit too
RECORD = 8
HOLE = b"\0\0\0\0\xff\xff\xff\xff"


@dataclass(slots=True)
class Plan:
    """Chunks of ``BLOCK << bits`` bytes: *count* of them, holes but for these ranges.

    ``direct`` is (first chunk, past the last, block in the archive), ``copied`` (first, past the
    last). Both ascend.
    """

    bits: int
    count: int
    direct: list[tuple[int, int, int]] = field(default_factory=list)
    copied: list[tuple[int, int]] = field(default_factory=list)

    @property
    def cost(self) -> int:
        return RECORD * self.count + self.copied_bytes

    @property
    def copied_bytes(self) -> int:
        chunks = sum(last - first for first, last in self.copied)
        return chunks << (self.bits + BLOCK_BITS)


def is_one_run(entry: Entry) -> bool:
    """True when one chunk can point at all of the file."""
    for _, at, length in entry.extents[:1]:
        return length == entry.size <= BLOCK << MAX_CHUNK_BITS and at % BLOCK == 0
    return False


def whole_bits(size: int) -> int:
    """The smallest chunk that holds *size* bytes, or the largest there is."""
    return min(max((size - 1).bit_length() - BLOCK_BITS, 0), MAX_CHUNK_BITS)


def record(block: int, device: int = 1) -> bytes:
    """One chunk's index: a *block* of the archive (device 1) or of the image (0)."""
    return (block << 32 | device << 16).to_bytes(RECORD, "little")


def plan(entry: Entry) -> Plan:
    """The cheapest plan for a file that is not empty."""
    if entry.size > MAX_FILE:
        raise TarError(f"{shown(entry.path)}: file too large ({entry.size} bytes)")
    top = whole_bits(entry.size)
    extents = _joined(entry.extents)
    bits = _aligned_bits(extents, entry.size, top)
    best = _plan_for(extents, entry.size, bits)
    while bits < top:
        bits += 1
        other = _plan_for(extents, entry.size, bits)
        if other.cost < best.cost:
            best = other
        elif other.copied_bytes >= best.cost:
            break
    return best


def records(plan: Plan, copies: int) -> bytes:
    """The chunk index array; *copies* is the image's block where the copied chunks begin."""
    step = 1 << plan.bits
    runs = [(first, last, block, 1) for first, last, block in plan.direct]
    for first, last in plan.copied:
        runs.append((first, last, copies, 0))
        copies += (last - first) * step
    runs.sort()
    parts, at = [], 0
    for first, last, block, device in runs:
        parts.append(HOLE * (first - at))
        parts.append(_records(block, last - first, step, device))
        at = last
    parts.append(HOLE * (plan.count - at))
    return b"".join(parts)


def _records(block: int, count: int, step: int, device: int) -> bytes:
    start = block << 32 | device << 16
    values = array("Q", range(start, start + (count * step << 32), step << 32))
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def _joined(extents: tuple[Extent, ...]) -> list[Extent]:
    joined: list[Extent] = []
    for offset, at, length in extents:
        if not length:
            continue
        if joined:
            before = joined[-1]
            if before[0] + before[2] == offset and before[1] + before[2] == at:
                joined[-1] = (before[0], before[1], before[2] + length)
                continue
        joined.append((offset, at, length))
    return joined


def _aligned_bits(extents: list[Extent], size: int, top: int) -> int:
    """The largest chunk size on whose boundaries all runs begin and end."""
    mixed = 1 << (top + BLOCK_BITS)
    for offset, _, length in extents:
        mixed |= offset
        if offset + length != size:
            mixed |= offset + length
    lowest = (mixed & -mixed).bit_length() - 1
    return max(lowest - BLOCK_BITS, 0)


def _plan_for(extents: list[Extent], size: int, bits: int) -> Plan:
    chunk = BLOCK << bits
    plan = Plan(bits, -(-size // chunk))
    done = 0
    for offset, at, length in extents:
        end = offset + length
        first, last = -(-offset // chunk), end // chunk
        if end == size:
            last = plan.count
        if first < last and (at - offset) % BLOCK == 0:
            plan.direct.append((first, last, (at + first * chunk - offset) // BLOCK))
        else:
            last = first
        for start, stop in ((offset // chunk, first), (last, -(-end // chunk))):
            # Neighbouring runs may share a chunk.
            start = max(start, done)
            if start < stop:
                plan.copied.append((start, stop))
                done = stop
    return plan


def copies(plan: Plan, extents: tuple[Extent, ...]) -> Iterator[tuple[int, int]]:
    """What the copied chunks hold, in order: (offset in the archive or -1 for zeros, length)."""
    chunk = BLOCK << plan.bits
    index = 0
    for first, last in plan.copied:
        at, end = first * chunk, last * chunk
        while index and extents[index - 1][0] + extents[index - 1][2] > at:
            index -= 1
        while at < end:
            while index < len(extents) and extents[index][0] + extents[index][2] <= at:
                index += 1
            offset, source, length = extents[index] if index < len(extents) else (end, 0, 0)
            if offset > at:
                stop = min(offset, end)
                yield -1, stop - at
            else:
                stop = min(offset + length, end)
                yield source + at - offset, stop - at
            at = stop
