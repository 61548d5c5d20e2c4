"""Paths, modes and walks, without privileges."""

import os
import posixpath
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.sandbox.workers import lookup
from boxship.sandbox.workers.gomode import file_mode
from boxship.sandbox.workers.levels import names_in
from boxship.sandbox.workers.remove import remove
from boxship.sandbox.workers.walk import walk

PATHS = st.lists(st.sampled_from([b"", b".", b"..", b"a", b"b c"])).map(b"/".join)


@given(PATHS)
def test_clean_is_lexical_normalization_below_the_root(path: bytes) -> None:
    expected = posixpath.normpath(b"/" + path.lstrip(b"/"))
    assert lookup.clean(path) == expected


@given(PATHS)
def test_clean_like_keeps_what_asks_for_a_directory(path: bytes) -> None:
    kept = lookup.clean_like(path)
    assert lookup.clean(kept) == lookup.clean(path)
    if kept != b"/":
        assert kept.endswith(b"/") == path.endswith(b"/")
    # Go's filepath.Base strips slashes before it looks.
    assert (lookup.base(kept) == b".") == (path == b"" or lookup.base(path) == b".")


@pytest.mark.parametrize(
    ("path", "expected"),
    [(b"", b"."), (b"/", b"/"), (b"//", b"/"), (b"/a/b/", b"b"), (b"a/.", b"."), (b"x", b"x")],
)
def test_base(path: bytes, expected: bytes) -> None:
    assert lookup.base(path) == expected


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (stat.S_IFREG | 0o644, 0o644),
        (stat.S_IFREG | 0o7755, 0o755 | 1 << 23 | 1 << 22 | 1 << 20),
        (stat.S_IFDIR | 0o1777, 0o777 | 1 << 31 | 1 << 20),
        (stat.S_IFLNK | 0o777, 0o777 | 1 << 27),
        (stat.S_IFCHR | 0o600, 0o600 | 1 << 26 | 1 << 21),
        (stat.S_IFBLK | 0o600, 0o600 | 1 << 26),
        (stat.S_IFIFO, 1 << 25),
        (stat.S_IFSOCK, 1 << 24),
    ],
)
def test_go_file_modes(mode: int, expected: int) -> None:
    assert file_mode(mode) == expected


@pytest.fixture
def top(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "b/in").mkdir(parents=True)
    (tmp_path / "b.txt").touch()
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "c").symlink_to("/")
    fd = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def test_walk_is_sorted_and_follows_nothing(top: int) -> None:
    assert [node.path for node in walk(top)] == [b"", b"a", b"b", b"b/in", b"b.txt", b"c"]


def test_walk_stays_out_where_told(top: int) -> None:
    found = []
    for node in walk(top):
        found.append(node.path)
        if node.path == b"b":
            node.names.clear()
    assert b"b/in" not in found and b"b.txt" in found


def test_deep_trees_need_few_descriptors(top: int) -> None:
    depth, here = 500, os.getcwd()
    os.chdir(f"/proc/self/fd/{top}")
    try:
        for _ in range(depth):
            os.mkdir("d")
            Path("z").touch()
            os.chdir("d")
    finally:
        os.chdir(here)
    most = 0
    for count, _ in enumerate(walk(top)):
        if count % 50 == 0:
            most = max(most, len(os.listdir("/proc/self/fd")))
    # Files in every directory on the way back are found as well.
    assert count == 5 + 2 * depth
    assert most < 100 + len(os.listdir("/proc/self/fd"))
    remove(top, b"d")
    assert b"d" not in names_in(top)


def test_what_vanishes_is_left_out(top: int, tmp_path: Path) -> None:
    found = []
    for node in walk(top):
        found.append(node.path)
        if node.path == b"b":
            (tmp_path / "b.txt").unlink()
            (tmp_path / "b/in").rmdir()
    assert found == [b"", b"a", b"b", b"c"]


def test_follow(top: int, tmp_path: Path) -> None:
    (tmp_path / "abs").symlink_to("/b/in")
    (tmp_path / "up").symlink_to("../../../b/./in/../x")
    assert lookup.follow(top, b"/a/in") == b"/b/in"
    assert lookup.follow(top, b"c/abs") == b"/b/in"
    assert lookup.follow(top, b"up/y") == b"/b/x/y"
    assert lookup.follow(top, b"/nope/../a") == b"/b"
