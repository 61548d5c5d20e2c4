"""What cannot be indexed is refused, with a reason, before anything is written."""

import io

import pytest

from boxship.archive.entry import Entry, Kind
from boxship.archive.erofs import IndexBuilder, build_index
from boxship.archive.errors import TarError


def refused(entry: Entry, reason: str, tar_size: int = 1 << 40) -> None:
    out = io.BytesIO()
    with pytest.raises(TarError, match=reason):
        build_index([entry], out, tar_size=tar_size)
    assert out.getvalue() == b""


def test_attributes_out_of_range() -> None:
    for name, value, reason in (
        ("user.a", bytes(70_000), "too large"),
        ("user." + "n" * 256, b"", "too large"),
        ("system.posix_acl_access", b"\2\0\0\0abc", "malformed"),
        ("system.posix_acl_access", b"\3\0\0\0", "malformed"),
    ):
        refused(Entry(b"f", Kind.FILE, xattrs={name: value}), reason)
    many = {f"user.{i}": bytes(60_000) for i in range(5)}
    refused(Entry(b"f", Kind.FILE, xattrs=many), "take more than")


def test_archives_out_of_range() -> None:
    refused(Entry(b"f", Kind.FILE), "too large to be indexed", 1 << 41)
    refused(Entry(b"f", Kind.FILE, size=9, extents=((0, 512, 9),)), "cut off", 520)


def test_sparse_members_cannot_blow_the_index_up() -> None:
    builder = IndexBuilder()
    run = ((1 << 43) + 1, 512, 1)
    for i in range(100):
        builder.add(Entry(b"%d" % i, Kind.FILE, size=1 << 44, extents=(run,)))
    with pytest.raises(TarError, match="sparse members"):
        builder.write(io.BytesIO(), 1 << 20)


def test_device_numbers_out_of_range() -> None:
    for major, minor in ((1 << 12, 0), (0, 1 << 20)):
        with pytest.raises(TarError, match="device number"):
            build_index([Entry(b"d", Kind.CHAR, major=major, minor=minor)], io.BytesIO())


def test_copies_need_a_way_to_read_the_archive() -> None:
    entry = Entry(b"f", Kind.FILE, size=100, extents=((3, 512, 50),))
    with pytest.raises(TarError, match="block boundaries"):
        build_index([entry], io.BytesIO(), tar_size=1024)
    with pytest.raises(TarError, match="cut off"):
        build_index([entry], io.BytesIO(), tar_size=1024, read_at=lambda at, length: b"")
