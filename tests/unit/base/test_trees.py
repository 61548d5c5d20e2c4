"""Removing trees: as deep as somebody likes, links left alone."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.base.trees import remove_tree

# More than the interpreter has frames, and than a path may have bytes.
_DEPTH = 5000


def _deep(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(_DEPTH):
        os.mkdir("d", dir_fd=fd)
        inner = os.open("d", os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(os.open("f", os.O_WRONLY | os.O_CREAT, dir_fd=fd))
    os.close(fd)


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_no_depth_is_too_deep(tmp_path: Path, few_descriptors: None) -> None:
    tree = tmp_path / "tree"
    for name in ("a", "b", "removing-0"):
        (tree / name).mkdir(parents=True)
        _deep(tree / name)
    (tree / "removing-1").write_text("a file of that name")
    assert remove_tree(tree) == len("a file of that name")
    assert not tree.exists()


def test_links_are_removed_and_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "f").write_text("1")
    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    for place in (tree, tree / "a", tree / "a" / "b"):
        (place / "to-directory").symlink_to(kept)
        (place / "to-nothing").symlink_to("nowhere")
        os.mkfifo(place / "pipe")
    remove_tree(tree)
    assert not tree.exists()
    assert (kept / "f").read_text() == "1"


def test_a_link_is_no_tree(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    (kept / "d").mkdir(parents=True)
    (tmp_path / "link").symlink_to(kept)
    assert remove_tree(tmp_path / "link") == 0
    assert remove_tree(tmp_path / "missing") == 0
    assert (kept / "d").is_dir()


def test_the_bytes_of_files_are_counted_on_all_levels(tmp_path: Path) -> None:
    inner = tmp_path / "tree" / "a" / "b"
    inner.mkdir(parents=True)
    for place in (inner, inner.parent, inner.parent.parent):
        (place / "f").write_bytes(b"12345")
    assert remove_tree(tmp_path / "tree") == 15
