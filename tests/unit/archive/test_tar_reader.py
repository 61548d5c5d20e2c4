"""The reader against Python's tarfile and GNU tar: same members, same data."""

import io
import os
import random
import subprocess
import tarfile
from pathlib import Path

import pytest

from boxship.archive import sparse
from boxship.archive.entry import Entry, Kind
from boxship.archive.reader import TarReader, open_file
from support.requirements import require_tool

TYPES = {
    tarfile.REGTYPE: Kind.FILE,
    tarfile.AREGTYPE: Kind.FILE,
    tarfile.GNUTYPE_SPARSE: Kind.FILE,
    tarfile.LNKTYPE: Kind.HARDLINK,
    tarfile.SYMTYPE: Kind.SYMLINK,
    tarfile.CHRTYPE: Kind.CHAR,
    tarfile.BLKTYPE: Kind.BLOCK,
    tarfile.DIRTYPE: Kind.DIR,
    tarfile.FIFOTYPE: Kind.FIFO,
}


def member(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mtime = kind, 1_700_000_000
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def archive(members: list[tuple[tarfile.TarInfo, bytes]], tar_format: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tar_format) as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def read(data: bytes) -> list[tuple[Entry, bytes]]:
    reader = TarReader(io.BytesIO(data).read)
    return [(entry, b"".join(reader.body())) for entry in reader]


def assorted() -> list[tuple[tarfile.TarInfo, bytes]]:
    long = "d" * 90 + "/" + "e" * 90 + "/" + "f" * 90
    return [
        (member("./", tarfile.DIRTYPE, mode=0o755), b""),
        (member("bin/", tarfile.DIRTYPE, mode=0o1777, uid=1000, gid=1001), b""),
        (member("bin/sh", mode=0o4755, uname="root", gname="wheel"), b"x" * 1000),
        (member("bin/bash", tarfile.LNKTYPE, linkname="bin/sh"), b""),
        (member("lib", tarfile.SYMTYPE, linkname="/usr/../lib"), b""),
        (member("empty"), b""),
        (member("exact"), b"y" * 512),
        (member(long), b"z" * 513),
        (member("to-long", tarfile.SYMTYPE, linkname=long), b""),
        (member("zero", tarfile.CHRTYPE, devmajor=1, devminor=5), b""),
        (member("disk", tarfile.BLKTYPE, devmajor=259, devminor=70000), b""),
        (member("pipe", tarfile.FIFOTYPE), b""),
        (member("größe", uid=3_000_000, gid=4_000_000_000), b"1"),
        (member("x" * 100), b"2"),
        (member("p" * 60 + "/" + "q" * 60), b"3"),
    ]


@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_agrees_with_tarfile(tar_format: int) -> None:
    data = archive(assorted(), tar_format)
    ours = read(data)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        theirs = tar.getmembers()
        assert len(ours) == len(theirs) == len(assorted())
        for (entry, body), info in zip(ours, theirs, strict=True):
            name = os.path.normpath(info.name).encode(errors="surrogateescape")
            assert entry.path == (b"" if name == b"." else name)
            assert entry.kind is TYPES[info.type]
            assert (entry.mode, entry.uid, entry.gid) == (info.mode, info.uid, info.gid)
            assert entry.mtime == info.mtime * 10**9
            assert (entry.uname, entry.gname) == (info.uname, info.gname)
            if info.issym() or info.islnk():
                assert entry.link.decode() == info.linkname
            if info.isdev() and not info.isfifo():
                assert (entry.major, entry.minor) == (info.devmajor, info.devminor)
            source = tar.extractfile(info) if info.isreg() else None
            assert body == (source.read() if source else b"")
            assert entry.extents == (((0, info.offset_data, info.size),) if body else ())


def test_v7_directory_by_trailing_slash() -> None:
    block = bytearray(archive([(member("old/", mode=0o700), b"")], tarfile.USTAR_FORMAT)[:512])
    block[156] = 0
    block[257:512] = bytes(255)
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + sum(block[156:]) + 256)
    [(entry, _)] = read(bytes(block))
    assert (entry.path, entry.kind, entry.mode) == (b"old", Kind.DIR, 0o700)


def test_pax_times_and_attributes() -> None:
    info = member("f", mtime=-1.5)
    info.pax_headers = {
        "mtime": "-1.25",
        "SCHILY.xattr.user.a": "one",
        "SCHILY.xattr.user.b%3D": "two",
        "LIBARCHIVE.xattr.user.c%20d": "dGhyZWU",
        "LIBARCHIVE.xattr.user.a": "aWdub3JlZA",
    }
    [(entry, _)] = read(archive([(info, b"")], tarfile.PAX_FORMAT))
    assert entry.mtime == -1_250_000_000
    assert entry.xattrs == {"user.a": b"one", "user.b=": b"two", "user.c d": b"three"}


def test_global_headers_are_passed_over() -> None:
    buffer = io.BytesIO()
    headers = {"comment": "0123", "uid": "77"}
    with tarfile.open(
        fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, pax_headers=headers
    ) as tar:
        tar.addfile(member("f"))
    [(entry, _)] = read(buffer.getvalue())
    assert (entry.path, entry.uid) == (b"f", 0)


def test_absolute_paths_are_stripped_and_dots_resolved() -> None:
    names = ["/etc/passwd", "//a//b", "./x/./y/", "a/../b", "/", "a/b/../../c"]
    data = archive([(member(name, tarfile.DIRTYPE), b"") for name in names], tarfile.GNU_FORMAT)
    paths = [entry.path for entry, _ in read(data)]
    assert paths == [b"etc/passwd", b"a/b", b"x/y", b"b", b"", b"c"]


def test_bodies_may_be_skipped_or_half_read() -> None:
    data = archive([(member(str(i)), bytes([i]) * 300_000) for i in range(4)], tarfile.GNU_FORMAT)
    reader = TarReader(io.BytesIO(data).read)
    heads = []
    for entry in reader:
        if entry.path != b"1":
            heads.append(next(reader.body())[:1])
    assert heads == [b"\0", b"\2", b"\3"]


@pytest.mark.parametrize("step", [1, 7, 511, 513, 1 << 20])
def test_any_read_size_gives_the_same(step: int) -> None:
    data = archive(assorted(), tarfile.PAX_FORMAT)
    source = io.BytesIO(data)
    reader = TarReader(lambda size: source.read(min(size, step)))
    assert [(entry, b"".join(reader.body())) for entry in reader] == read(data)


def test_seekable_file_reads_headers_only(tmp_path: Path) -> None:
    data = archive([(member(str(i)), b"x" * 3_000_000) for i in range(5)], tarfile.GNU_FORMAT)
    (tmp_path / "a.tar").write_bytes(data)
    with open(tmp_path / "a.tar", "rb", buffering=0) as file:
        before = _read_bytes()
        assert list(open_file(file)) == [entry for entry, _ in read(data)]
        assert _read_bytes() - before < len(data) // 2


def _read_bytes() -> int:
    """What this process has got from read(2) so far (proc(5), io)."""
    return int(Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0])


def test_end_of_archive() -> None:
    data = archive([(member("a"), b"1")], tarfile.GNU_FORMAT)
    assert len(read(data[:1024])) == 1, "no end marker"
    assert len(read(data[:1024] + bytes(512))) == 1, "half an end marker"
    assert len(read(data + b"trailing noise")) == 1
    assert read(b"") == []


def gnu_sparse(directory: Path, tar_format: list[str]) -> tuple[bytes, dict[str, bytes]]:
    """An archive of sparse files made by GNU tar, and their contents."""
    require_tool("tar")
    rng = random.Random(5)
    contents = {}
    for name, size, offsets in (
        ("few", 1 << 20, [0, 65536, (1 << 20) - 10]),
        ("many", 3 << 20, list(range(4096, 3 << 20, 65536))),
        ("hole", 1 << 20, []),
        ("tail-hole", 1 << 20, [8192]),
        ("plain", 5000, [0, 4096]),
    ):
        with open(directory / name, "wb") as file:
            file.truncate(size)
            for offset in offsets:
                file.seek(offset)
                file.write(rng.randbytes(min(4096, size - offset)))
        contents[name] = (directory / name).read_bytes()
    command = ["tar", "-C", directory, "--sparse", *tar_format, "-cf", "-", *contents]
    return subprocess.run(command, check=True, capture_output=True).stdout, contents


SPARSE_FORMATS = [
    ["--format=gnu"],
    ["--format=pax", "--sparse-version=0.0"],
    ["--format=pax", "--sparse-version=0.1"],
    ["--format=pax", "--sparse-version=1.0"],
]


@pytest.mark.parametrize("tar_format", SPARSE_FORMATS, ids=lambda f: f[-1])
def test_sparse_members_of_gnu_tar(tmp_path: Path, tar_format: list[str]) -> None:
    data, contents = gnu_sparse(tmp_path, tar_format)
    seen = {}
    for entry, body in read(data):
        assert entry.kind is Kind.FILE
        placed = b"".join(data[at : at + length] for _, at, length in entry.extents)
        assert placed == body, "extents point at the data"
        seen[entry.path.decode()] = b"".join(sparse.expand(entry, [body]))
    assert seen == contents
    assert len(data) < sum(map(len, contents.values())), "nothing was sparse: no test"


@pytest.mark.parametrize("size", [5, 512])
@pytest.mark.parametrize("skips", [False, True])
def test_an_archive_may_end_right_after_its_last_member(size: int, skips: bool) -> None:
    """As Go's archive/tar has it: neither padding nor the blocks of zeros have to be there."""
    data = archive([(member("a"), b"x" * 700), (member("b"), b"y" * size)], tarfile.GNU_FORMAT)
    data = data[: 512 + 1024 + 512 + size]
    if skips:
        assert [entry.path for entry in open_file(io.BytesIO(data))] == [b"a", b"b"]
    else:
        assert [body for _, body in read(data)] == [b"x" * 700, b"y" * size]
