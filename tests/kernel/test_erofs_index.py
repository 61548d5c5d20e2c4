"""EROFS indexes as the kernel sees them, beside GNU tar's extraction and mkfs.erofs's index."""

import io
import os
import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxship.archive.entry import Entry, Kind
from boxship.archive.erofs import IndexBuilder
from support.erofs_layers import (
    ACL,
    Members,
    assorted,
    extracted,
    facts,
    index,
    mounted,
    overlaid,
    write_tar,
)
from support.requirements import require_root, require_tool


@pytest.fixture(autouse=True)
def _needs() -> None:
    require_root()
    require_tool("tar", "fsck.erofs", "dump.erofs", "mkfs.erofs")
    if "erofs" not in Path("/proc/filesystems").read_text():
        pytest.skip("kernel: no erofs")


def test_agrees_with_gnu_tar_on_everything(tmp_path: Path) -> None:
    tar = tmp_path / "layer.tar"
    write_tar(tar, assorted())
    image, stats = index(tar)
    assert stats.copied == 0
    with mounted(image, tar) as point:
        ours = facts(point)
        assert ours == facts(extracted(tar))
        for name in ("no-such", ".n", "dir-300-17/zzz", "dir-40-3/" + "x" * 255):
            assert not os.path.lexists(point / name)


def test_agrees_with_mkfs(tmp_path: Path) -> None:
    tar = tmp_path / "layer.tar"
    members = assorted()
    for entry, _ in members:
        # mkfs.erofs 1.8 misreads fractions of seconds whose trailing zeros are left out.
        entry.mtime -= entry.mtime % 10**9
    write_tar(tar, members)
    image, _ = index(tar)
    reference = tmp_path / "reference.index"
    subprocess.run(["mkfs.erofs", "--quiet", "--tar=i", reference, tar], check=True)
    with mounted(image, tar) as ours, mounted(reference, tar) as theirs:
        assert facts(ours) == facts(theirs)


def test_same_archive_same_bytes(tmp_path: Path) -> None:
    tar = tmp_path / "layer.tar"
    write_tar(tar, assorted())
    assert index(tar)[0].read_bytes() == index(tar)[0].read_bytes()


SPARSE_FORMATS = [
    ["--format=gnu"],
    ["--format=pax", "--sparse-version=0.0"],
    ["--format=pax", "--sparse-version=0.1"],
    ["--format=pax", "--sparse-version=1.0"],
]


@pytest.mark.parametrize("tar_format", SPARSE_FORMATS, ids=lambda f: f[-1])
def test_sparse_files_of_gnu_tar(tmp_path: Path, tar_format: list[str]) -> None:
    source = tmp_path / "source"
    source.mkdir()
    rng = random.Random(2)
    for name, size, step in (("a", 1 << 20, 65_536), ("b", 999_999, 12_288), ("c", 1 << 20, 0)):
        with open(source / name, "wb") as file:
            file.truncate(size)
            for offset in range(0, size, step) if step else ():
                file.seek(offset)
                file.write(rng.randbytes(min(4096, size - offset)))
    with open(source / "huge", "wb") as file:
        file.truncate(8 << 30)
        file.seek(5 << 30)
        file.write(b"needle")
    tar = tmp_path / "layer.tar"
    command = ["tar", "-C", source, "--sparse", *tar_format, "-cf", tar, "a", "b", "c", "huge"]
    subprocess.run(command, check=True)
    image, stats = index(tar)
    assert stats.size < 4 << 20, "an 8 GB hole costs next to nothing"
    with mounted(image, tar) as point:
        for name in "abc":
            assert (point / name).read_bytes() == (source / name).read_bytes()
        with open(point / "huge", "rb") as file:
            assert os.fstat(file.fileno()).st_size == 8 << 30
            for offset, data in (
                (0, bytes(6)),
                ((5 << 30) - 3, b"\0\0\0nee"),
                ((8 << 30) - 1, b"\0"),
            ):
                file.seek(offset)
                assert file.read(len(data)) == data


def test_data_off_block_boundaries_is_copied(tmp_path: Path) -> None:
    rng = random.Random(3)
    size, runs = 300_000, [(5, 700), (1000, 3000), (70_001, 100_000), (299_000, 1000)]
    data = bytearray(size)
    stored = b""
    for at, length in runs:
        data[at : at + length] = rng.randbytes(length)
        stored += data[at : at + length]
    packed = ",".join(f"{at},{length}" for at, length in runs).encode()
    tar = tmp_path / "layer.tar"
    tar.write_bytes(_pax_sparse(packed, size, stored))
    image, stats = index(tar)
    assert stats.copied > 0
    with mounted(image, tar) as point:
        assert (point / "f").read_bytes() == data


def _pax_sparse(packed: bytes, size: int, stored: bytes) -> bytes:
    """One sparse member in PAX format 0.1, runs packed back to back as bsdtar and Go do."""
    from boxship.archive.headers import build
    from boxship.archive.pax import record

    body = record(b"GNU.sparse.size", b"%d" % size) + record(b"GNU.sparse.map", packed)
    head = build(b"x", 0o644, 0, 0, len(body), 0, b"x", b"", b"", b"", 0, 0, b"")
    main = build(b"f", 0o644, 0, 0, len(stored), 0, b"0", b"", b"", b"", 0, 0, b"")
    parts = [head, body, bytes(-len(body) % 512), main, stored, bytes(-len(stored) % 512)]
    return b"".join([*parts, bytes(1024)])


def test_a_hundred_thousand_names_in_one_directory(tmp_path: Path) -> None:
    tar, image = tmp_path / "layer.tar", tmp_path / "layer.index"
    tar.write_bytes(bytes(1024))
    builder = IndexBuilder(layer=True)
    for i in range(100_000):
        builder.add(Entry(b"d/name-%d" % i, Kind.FILE, size=0))
    with open(image, "wb") as file:
        builder.write(file, 1024)
    with mounted(image, tar) as point:
        assert len(os.listdir(point / "d")) == 100_000
        for i in (0, 1, 77_777, 99_999):
            assert (point / f"d/name-{i}").read_bytes() == b""
        assert not (point / "d/name-100000").exists() and not (point / "d/!").exists()


def layer(path: Path, members: Members) -> tuple[Path, Path]:
    write_tar(path, members)
    return index(path, layer=True)[0], path


def plain(path: str, data: bytes = b"") -> tuple[Entry, bytes]:
    return Entry(path.encode(), Kind.FILE, size=len(data)), data


def folder(path: str) -> tuple[Entry, bytes]:
    return Entry(path.encode(), Kind.DIR, 0o755), b""


def test_whiteouts_and_opaque_marks_under_overlayfs(tmp_path: Path) -> None:
    base = [plain(f"{name}/{i}", b"old") for name in ("a", "b", "c", "e") for i in "123"]
    base += [plain("gone", b"old"), plain("kept", b"old"), plain("swapped", b"old")]
    top = [
        folder("a"),
        plain("a/.wh.1"),
        plain("b/4", b"new"),
        plain("b/.wh..wh..opq"),
        plain(".wh.c"),
        plain(".wh.gone"),
        plain("swapped", b"new"),
        plain(".wh.swapped"),
        plain(".wh.e"),
        folder("e"),
        plain("e/9", b"new"),
    ]
    hostile = {"trusted.overlay.redirect": b"/kept", "trusted.overlay.opaque": b"y"}
    top.append((Entry(b"a", Kind.DIR, 0o755, xattrs=hostile), b""))
    lower, upper = layer(tmp_path / "lower.tar", base), layer(tmp_path / "upper.tar", top)
    with mounted(*lower) as bottom, mounted(*upper) as over, overlaid(over, bottom) as merged:
        found = {
            str(path.relative_to(merged)): path.read_bytes()
            for path in merged.rglob("*")
            if path.is_file()
        }
        assert set(os.listdir(merged)) == {"a", "b", "e", "kept", "swapped"}
    assert found == {
        "a/2": b"old",
        "a/3": b"old",
        "b/4": b"new",
        "e/9": b"new",
        "kept": b"old",
        "swapped": b"new",
    }


names = st.binary(min_size=1, max_size=255).map(
    lambda name: name.replace(b"\0", b"0").replace(b"/", b"1")
)
parts = names.filter(lambda name: name not in (b".", b".."))


@st.composite
def trees(draw: st.DrawFn) -> Members:
    """A tree in archive order: every parent before its children, no name twice."""
    members: Members = []
    folders, taken = [b""], {b""}
    for _ in range(draw(st.integers(0, 25))):
        parent = draw(st.sampled_from(folders))
        path = parent + b"/" * bool(parent) + draw(parts)
        if path in taken or len(path) > 2000:
            continue
        kind = draw(st.sampled_from([Kind.FILE, Kind.FILE, Kind.DIR, Kind.SYMLINK, Kind.HARDLINK]))
        files = [entry.path for entry, _ in members if entry.kind is Kind.FILE]
        if kind is Kind.HARDLINK and not files:
            continue
        entry = Entry(path, kind, draw(st.integers(0, 0o7777)), draw(st.integers(0, 1 << 31)))
        entry.mtime = draw(st.integers(0, 10**19 // 3))
        data = draw(st.binary(max_size=2000)) if kind is Kind.FILE else b""
        entry.size = len(data)
        if kind is Kind.SYMLINK:
            entry.link = draw(names)
        elif kind is Kind.HARDLINK:
            entry.link = draw(st.sampled_from(files))
        elif draw(st.booleans()):
            entry.xattrs = {
                "user.x" + "y" * draw(st.integers(0, 200)): draw(st.binary(max_size=99))
            }
        taken.add(path)
        folders += [path] if kind is Kind.DIR else []
        members.append((entry, data))
    return members


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(members=trees())
def test_any_tree_agrees_with_gnu_tar(
    tmp_path_factory: pytest.TempPathFactory, members: Members
) -> None:
    tar = tmp_path_factory.mktemp("tree") / "layer.tar"
    write_tar(tar, [(Entry(b"", Kind.DIR, 0o755), b""), *members])
    image, _ = index(tar)
    with mounted(image, tar) as point:
        assert facts(point) == facts(extracted(tar))


def test_attributes_that_would_stop_a_copy_up_are_left_out(tmp_path: Path) -> None:
    attributes = {"user.a": b"1", "nonsense.b": b"2", "user.": b"3", "trusted.c": b"4"}
    attributes |= {"system.posix_acl_default": ACL, "trusted.overlay.metacopy": b""}
    kinds = {b"f": Kind.FILE, b"d": Kind.DIR, b"l": Kind.SYMLINK, b"p": Kind.FIFO}
    members = [
        (Entry(name, kind, link=b"x" if name == b"l" else b"", xattrs=attributes), b"")
        for name, kind in kinds.items()
    ]
    image, tar = layer(tmp_path / "layer.tar", members)
    with mounted(image, tar) as point:
        kept = {name: set(os.listxattr(point / name, follow_symlinks=False)) for name in "fdlp"}
    assert kept == {
        "f": {"user.a", "trusted.c"},
        "d": {"user.a", "trusted.c", "system.posix_acl_default"},
        "l": {"trusted.c"},
        "p": {"trusted.c"},
    }


@pytest.mark.parametrize("mtime", [10**28, -(10**28), 1 << 63, (1 << 63) * 10**9, -1])
def test_any_time_can_be_indexed(tmp_path: Path, mtime: int) -> None:
    image, tar = layer(tmp_path / "layer.tar", [(Entry(b"f", Kind.FILE, mtime=mtime), b"")])
    with mounted(image, tar) as point:
        stamp = os.stat(point / "f").st_mtime_ns
    assert stamp == (mtime if abs(mtime) < (1 << 63) * 10**9 else 0)


def test_root_opaque_is_reported() -> None:
    builder = IndexBuilder(layer=True)
    builder.add(Entry(b".wh..wh..opq", Kind.FILE))
    assert builder.write(io.BytesIO(), 1024).root_opaque
