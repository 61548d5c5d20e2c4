"""Chunk plans: following the records gives back the content, and they stay small."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.archive import sparse
from boxship.archive.entry import Entry, Kind
from boxship.archive.erofs import chunks
from boxship.archive.errors import TarError

COPIES = 1000  # the image's block where copies begin


def followed(entry: Entry, archive: bytes) -> bytes:
    """What a kernel reads by the plan's records."""
    plan = chunks.plan(entry)
    parts = [
        bytes(length) if at < 0 else archive[at : at + length]
        for at, length in chunks.copies(plan, entry.extents)
    ]
    copied = b"".join(parts)
    assert len(copied) == plan.copied_bytes
    size = 512 << plan.bits
    content = []
    for high, device, block in struct.iter_unpack("<HHI", chunks.records(plan, COPIES)):
        assert high == 0
        if block == 0xFFFFFFFF:
            content.append(bytes(size))
        elif device == 1:
            content.append(archive[block * 512 :][:size].ljust(size, b"\0"))
        else:
            content.append(copied[(block - COPIES) * 512 :][:size])
    assert len(content) == plan.count
    return b"".join(content)[: entry.size]


@st.composite
def sparse_files(draw: st.DrawFn) -> tuple[Entry, bytes]:
    """A sparse entry and the archive that holds its data, at one of several alignments."""
    unit = draw(st.sampled_from([1, 100, 512, 1024, 4096]))
    start = draw(st.integers(0, 4)) * draw(st.sampled_from([512, 1]))
    extents, at, position = [], 0, start
    for _ in range(draw(st.integers(0, 6))):
        at += unit * draw(st.integers(0, 9))
        length = unit * draw(st.integers(1, 9))
        extents.append((at, position, length))
        at, position = at + length, position + length
    size = at + draw(st.integers(0 if extents else 1, 9)) * draw(st.sampled_from([unit, 1, 700]))
    archive = draw(st.randoms(use_true_random=False)).randbytes(position + 600)
    return Entry(b"f", Kind.FILE, size=size, extents=tuple(extents)), archive


@given(sparse_files())
def test_records_give_back_the_content(case: tuple[Entry, bytes]) -> None:
    entry, archive = case
    stored = b"".join(archive[at : at + length] for _, at, length in entry.extents)
    assert followed(entry, archive) == b"".join(sparse.expand(entry, [stored]))


@pytest.mark.parametrize("size", [1, 512, 513, 4096, 1 << 20, (1 << 33) + 1, 1 << 44])
def test_a_plain_file_is_one_record_or_nearly(size: int) -> None:
    plan = chunks.plan(Entry(b"f", Kind.FILE, size=size, extents=((0, 5120, size),)))
    assert plan.count <= 16 and not plan.copied
    assert plan.direct == [(0, plan.count, 10)]
    assert (512 << plan.bits) * plan.count >= size


def test_holes_cost_next_to_nothing() -> None:
    hole = Entry(b"f", Kind.FILE, size=8 << 30, extents=((8 << 30, 512, 0),))
    assert chunks.plan(hole).cost == chunks.RECORD
    tail = Entry(b"f", Kind.FILE, size=(8 << 30) + 100, extents=((8 << 30, 512, 100),))
    assert chunks.plan(tail).cost <= 2 * chunks.RECORD
    middle = Entry(
        b"f", Kind.FILE, size=8 << 30, extents=((4096, 512, 4096), (5 << 30, 4608, 4096))
    )
    assert chunks.plan(middle).cost < 1 << 20


def test_files_beyond_any_file_system_are_refused() -> None:
    with pytest.raises(TarError, match="too large"):
        chunks.plan(Entry(b"f", Kind.FILE, size=(1 << 44) + 1, extents=((1 << 44, 0, 1),)))
