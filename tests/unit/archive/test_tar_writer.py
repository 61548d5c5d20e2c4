"""The writer: read back by our reader, by tarfile and by GNU tar; the same bytes every time."""

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.archive import sparse
from boxship.archive.entry import Entry, Kind
from boxship.archive.errors import TarError
from boxship.archive.reader import TarReader
from boxship.archive.writer import TarWriter
from support.requirements import require_tool

names = st.binary(min_size=1, max_size=260).map(
    lambda name: name.replace(b"\0", b"x").replace(b"/", b"y")
)
parts = names.filter(lambda name: name not in (b".", b".."))
paths = st.lists(parts, min_size=1, max_size=4).map(b"/".join)
texts = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=40)
xattr_names = st.text(
    st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1, max_size=20
)
ids = st.integers(0, 0xFFFFFFFE)


@st.composite
def entries(draw: st.DrawFn) -> tuple[Entry, bytes]:
    kind = draw(st.sampled_from(list(Kind)))
    data = draw(st.binary(max_size=1500)) if kind is Kind.FILE else b""
    entry = Entry(
        path=draw(paths),
        kind=kind,
        mode=draw(st.integers(0, 0o7777)),
        uid=draw(ids),
        gid=draw(ids),
        mtime=draw(st.integers(-(10**19), 10**20)),
        size=len(data),
        xattrs=draw(st.dictionaries(xattr_names, st.binary(max_size=50), max_size=3)),
        uname=draw(texts),
        gname=draw(texts),
    )
    if kind is Kind.SYMLINK:
        entry.link = draw(names)
    elif kind is Kind.HARDLINK:
        entry.link = draw(paths)
    elif kind in (Kind.CHAR, Kind.BLOCK):
        entry.major, entry.minor = draw(st.integers(0, 4095)), draw(st.integers(0, 0xFFFFF))
    return entry, data


def write(members: list[tuple[Entry, bytes]]) -> bytes:
    out = io.BytesIO()
    writer = TarWriter(out.write)
    for entry, data in members:
        writer.add(entry, [data[:100], data[100:]])
    writer.close()
    return out.getvalue()


@given(st.lists(entries(), max_size=6))
def test_round_trip(members: list[tuple[Entry, bytes]]) -> None:
    data = write(members)
    assert data == write(members)
    reader = TarReader(io.BytesIO(data).read)
    seen = []
    for entry in reader:
        body = b"".join(reader.body())
        assert b"".join(data[at : at + size] for _, at, size in entry.extents) == body
        entry.extents = ()
        seen.append((entry, body))
    assert seen == members


@given(st.lists(entries(), max_size=4))
def test_tarfile_reads_the_same(members: list[tuple[Entry, bytes]]) -> None:
    buffer = io.BytesIO(write(members))
    with tarfile.open(fileobj=buffer, errors="surrogateescape") as tar:
        infos = tar.getmembers()
        assert len(infos) == len(members)
        for info, (entry, data) in zip(infos, members, strict=True):
            assert os.fsencode(info.name) == entry.path
            assert os.fsencode(info.linkname) == entry.link
            assert (info.uid, info.gid, info.mode) == (entry.uid, entry.gid, entry.mode)
            assert info.mtime == pytest.approx(entry.mtime / 1e9)
            if entry.kind is Kind.FILE and data:
                source = tar.extractfile(info)
                assert source is not None and source.read() == data


def test_plain_members_are_plain_ustar() -> None:
    entry = Entry(b"p" * 90 + b"/" + b"n" * 90, Kind.FILE, mtime=7 * 10**9, size=3)
    assert len(write([(entry, b"abc")])) == 4 * 512
    directory = Entry(b"d", Kind.DIR, 0o755)
    block = write([(directory, b"")])[:512]
    assert block[:3] == b"d/\0" and block[257:265] == b"ustar\x0000"


def test_sparse_members_stay_sparse(tmp_path: Path) -> None:
    require_tool("tar")
    hole = Entry(b"hole", Kind.FILE, size=1 << 33, extents=((1 << 33, 0, 0),))
    runs = Entry(b"runs", Kind.FILE, size=1 << 33, extents=((512, 0, 700), (1 << 32, 700, 9)))
    data = write([(hole, b""), (runs, b"a" * 709)])
    assert len(data) < 20 * 512
    back = list(TarReader(io.BytesIO(data).read))
    assert [entry.size for entry in back] == [1 << 33, 1 << 33]
    assert [[(at, size) for at, _, size in entry.extents] for entry in back] == [
        [(1 << 33, 0)],
        [(512, 1024), (1 << 32, 512)],
    ]
    subprocess.run(["tar", "-C", tmp_path, "-xf", "-"], input=data, check=True)
    for name in ("hole", "runs"):
        status = (tmp_path / name).stat()
        assert status.st_size == 1 << 33 and status.st_blocks < 100
    with open(tmp_path / "runs", "rb") as file:
        assert file.read(1213) == bytes(512) + b"a" * 700 + b"\0"
        file.seek(1 << 32)
        assert file.read(10) == b"a" * 9 + b"\0"


def test_sparse_content_can_be_expanded() -> None:
    entry = Entry(b"s", Kind.FILE, size=20, extents=((3, 0, 2), (10, 2, 4)))
    content = b"".join(sparse.expand(entry, [b"a", b"bcd", b"ef"]))
    assert content == b"\0\0\0ab\0\0\0\0\0cdef\0\0\0\0\0\0"
    with pytest.raises(TarError):
        list(sparse.expand(entry, [b"abc"]))


@st.composite
def holey(draw: st.DrawFn) -> tuple[Entry, bytes]:
    """A sparse entry and its runs of data, at any alignment."""
    extents, at, stored = [], 0, 0
    for _ in range(draw(st.integers(1, 5))):
        at += draw(st.integers(0, 3000))
        length = draw(st.integers(1, 2000))
        extents.append((at, stored, length))
        at, stored = at + length, stored + length
    size = at + draw(st.integers(0, 3000))
    data = draw(st.randoms(use_true_random=False)).randbytes(stored)
    return Entry(b"s", Kind.FILE, size=size, extents=tuple(extents)), data


@given(holey())
def test_holes_at_any_alignment_keep_the_content(member: tuple[Entry, bytes]) -> None:
    entry, data = member
    reader = TarReader(io.BytesIO(write([member])).read)
    [(back, body)] = [(back, list(reader.body())) for back in reader]
    assert b"".join(sparse.expand(back, body)) == b"".join(sparse.expand(entry, [data]))
    assert all(at % 512 == 0 for at, _, _ in back.extents)


@pytest.mark.parametrize("chunks", [[b"ab"], [b"abcd"], []])
def test_data_of_the_wrong_size_is_refused(chunks: list[bytes]) -> None:
    writer = TarWriter(io.BytesIO().write)
    with pytest.raises(TarError, match="3 bytes"):
        writer.add(Entry(b"f", Kind.FILE, size=3), chunks)


def test_names_with_nul_are_refused() -> None:
    with pytest.raises(TarError, match="NUL"):
        TarWriter(io.BytesIO().write).add(Entry(b"a\0b", Kind.FILE))


def test_gnu_tar_extracts_it(tmp_path: Path) -> None:
    require_tool("tar")
    long = b"/".join([b"n" * 200] * 5)
    members = [
        (Entry(b"dir", Kind.DIR, 0o750), b""),
        (Entry(b"dir/file", Kind.FILE, 0o640, mtime=1_234_567_890_123_456_789, size=5), b"hello"),
        (Entry(b"dir/hard", Kind.HARDLINK, link=b"dir/file"), b""),
        (Entry(b"dir/soft", Kind.SYMLINK, 0o777, link=b"../" * 60 + b"x"), b""),
        (Entry(b"dir/pipe", Kind.FIFO, 0o600), b""),
        (Entry(long, Kind.FILE, size=1), b"1"),
    ]
    data = write(members)
    subprocess.run(["tar", "-C", tmp_path, "-xpf", "-"], input=data, check=True)
    file = tmp_path / "dir/file"
    assert file.stat().st_mtime_ns == 1_234_567_890_123_456_789
    assert (file.read_bytes(), file.stat().st_nlink) == (b"hello", 2)
    assert os.readlink(tmp_path / "dir/soft") == "../" * 60 + "x"
    assert (tmp_path / "dir/pipe").is_fifo()
    assert (tmp_path / os.fsdecode(long)).read_bytes() == b"1"
