"""Where copied files go, and archives that want to go elsewhere."""

import io
import os
from pathlib import Path

import pytest

from boxship.archive.entry import Entry, Kind
from boxship.archive.reader import TarReader
from boxship.archive.writer import TarWriter
from boxship.base.errors import BoxshipError
from boxship.cli.copy.pack import Packer
from boxship.cli.copy.places import Place, Plan, base_name, plan, split_argument
from boxship.cli.copy.unpack import unpack
from boxship.cli.errors import Failed


def archive(*members: tuple[Entry, bytes]) -> list[bytes]:
    pieces: list[bytes] = []
    writer = TarWriter(pieces.append)
    for entry, data in members:
        entry.size = len(data)
        writer.add(entry, [data] if data else [])
    writer.close()
    return [b"".join(pieces)]


def file(path: bytes, data: bytes = b"x") -> tuple[Entry, bytes]:
    return Entry(path, Kind.FILE), data


def link(path: bytes, target: bytes) -> tuple[Entry, bytes]:
    return Entry(path, Kind.SYMLINK, link=target), b""


def test_arguments() -> None:
    assert split_argument("c:/a:b") == ("c", "/a:b")
    assert split_argument("/a:b") == ("", "/a:b")
    assert split_argument("./a:b") == ("", "./a:b")
    assert split_argument("file") == ("", "file")
    assert split_argument("-") == ("", "-")


@pytest.mark.parametrize(
    ("path", "name"),
    [("/a/b", "b"), ("/a/b/", "b"), ("/a/.", ""), (".", ""), ("/", ""), ("..", "")],
)
def test_names_in_archives(path: str, name: str) -> None:
    assert base_name(path) == name


@pytest.mark.parametrize(
    ("source", "directory", "target", "expected"),
    [
        ("/a", False, Place("/d", True, True), ("/d", "", "")),
        ("/a", True, Place("/d/", True, True), ("/d/", "", "")),
        ("/a", False, Place("/d/new", False, False), ("/d", "a", "new")),
        ("/a/.", True, Place("/d/new", False, False), ("/d", "", "new")),
        ("/a", True, Place("new/", False, False), (".", "a", "new")),
        ("/a", False, Place("/d/f", True, False), ("/d", "a", "f")),
    ],
)
def test_plans(source: str, directory: bool, target: Place, expected: tuple[str, str, str]) -> None:
    found = plan(source, directory, target)
    assert (found.directory, found.strip, found.prefix) == expected


@pytest.mark.parametrize(
    ("directory", "target", "text"),
    [
        (True, Place("/f", True, False), "cannot copy directory"),
        (False, Place("/f/", True, False), "not a directory"),
        (False, Place("/new/", False, False), "no such directory"),
    ],
)
def test_plans_that_cannot_be(directory: bool, target: Place, text: str) -> None:
    with pytest.raises(Failed, match=text):
        plan("/a", directory, target)


def test_members_are_renamed_whole() -> None:
    steps = Plan("/d", "a", "new")
    assert steps.renamed(b"a/x") == b"new/x"
    assert steps.renamed(b"a") == b"new"
    assert steps.renamed(b"ab/x") == b"ab/x"
    assert Plan("/d", "", "new").renamed(b"") == b"new"


def test_a_tree_survives_both_ways(tmp_path: Path) -> None:
    source = tmp_path / "src"
    (source / "sub").mkdir(parents=True)
    (source / "file").write_bytes(b"data")
    os.link(source / "file", source / "hard")
    (source / "link").symlink_to("file")
    (source / "sub" / "big").write_bytes(os.urandom(700_001))
    (source / "sub").chmod(0o500)
    os.utime(source / "file", ns=(0, 1_000_000_007))
    target = tmp_path / "out"
    target.mkdir()
    packed = list(Packer(str(source), "src"))
    assert unpack(packed, Plan(str(target), "src", "copy"), keep_owner=False) == len(
        b"".join(packed)
    )
    copy = target / "copy"
    assert (copy / "file").stat().st_mtime_ns == 1_000_000_007
    assert (copy / "file").stat().st_ino == (copy / "hard").stat().st_ino
    assert os.readlink(copy / "link") == "file"
    assert (copy / "sub" / "big").read_bytes() == (source / "sub" / "big").read_bytes()
    assert (copy / "sub").stat().st_mode & 0o7777 == 0o500


def test_packed_archives_are_well_formed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1" * 513)
    (tmp_path / "b").write_bytes(b"")
    data = io.BytesIO(b"".join(Packer(str(tmp_path), "")))
    members = {
        entry.path: b"".join(reader.body()) for reader in [TarReader(data.read)] for entry in reader
    }
    assert members == {b"": b"", b"a": b"1" * 513, b"b": b""}


def test_links_are_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    victim = outside / "victim"
    victim.write_text("safe")
    target = tmp_path / "in"
    target.mkdir()
    (target / "old").symlink_to(victim)
    steps = Plan(str(target))
    unpack(archive(file(b"old", b"new")), steps, keep_owner=False)
    assert (target / "old").read_bytes() == b"new"
    hostile = archive(link(b"dir", str(outside).encode()), file(b"dir/victim", b"gone"))
    with pytest.raises(Failed):
        unpack(hostile, steps, keep_owner=False)
    hard = Entry(b"hard", Kind.HARDLINK, link=b"dir/victim")
    with pytest.raises((Failed, BoxshipError)):
        unpack(archive((hard, b"")), steps, keep_owner=False)
    assert victim.read_text() == "safe"
    assert os.listdir(outside) == ["victim"]


def test_kinds_do_not_replace_each_other(tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(Failed, match="with non-directory"):
        unpack(archive(file(b"dir")), Plan(str(tmp_path)), keep_owner=False)
    with pytest.raises(Failed, match="cannot overwrite non-directory"):
        unpack(archive((Entry(b"file", Kind.DIR), b"")), Plan(str(tmp_path)), keep_owner=False)
