"""stat_path over a real overlay: what the X-Docker-Container-Path-Stat header says."""

import os
from pathlib import Path

import pytest

from boxship.base.errors import InvalidParameter, NotFound
from support.requirements import require_root
from support.workers import Root, run

DIR, LINK, FIFO, SETUID, STICKY = 1 << 31, 1 << 27, 1 << 25, 1 << 23, 1 << 20


@pytest.fixture
def root(tmp_path: Path) -> Root:
    require_root()
    lower = tmp_path / "lower"
    (lower / "w/d/e").mkdir(parents=True)
    (lower / "w/d/f").write_text("1\n")
    os.chmod(lower / "w/d/f", 0o4755)
    os.chmod(lower / "w/d/e", 0o1777)
    os.mkfifo(lower / "w/fifo", 0o644)
    for name, target in [("dang", "nowhere/x"), ("ld", "/w/d"), ("lf", "/w/ld/f")]:
        os.symlink(target, lower / "w" / name)
    os.symlink("loop2", lower / "w/loop1")
    os.symlink("loop1", lower / "w/loop2")
    os.symlink("../../../../../etc", lower / "w/out")
    os.utime(lower / "w/d/f", ns=(0, 0))
    return Root(tmp_path / "c", [lower])


def stat(root: Root, path: str, **more: object) -> tuple[str, int, str]:
    found = run("stat_path", {"path": path, "container": "box", **more}, root=root)
    return found["name"], found["mode"], found["linkTarget"]


# Recorded from dockerd 26.1.5 with the same tree.
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ("/", DIR | 0o755, "")),
        (".", (".", DIR | 0o755, "")),
        ("/w", ("w", DIR | 0o755, "")),
        ("/w/", ("w", DIR | 0o755, "")),
        ("/w/.", (".", DIR | 0o755, "")),
        ("/w/d/e", ("e", DIR | STICKY | 0o777, "")),
        ("/w/d/f", ("f", SETUID | 0o755, "")),
        ("/w/fifo", ("fifo", FIFO | 0o644, "")),
        ("/w/dang", ("dang", LINK | 0o777, "/w/nowhere/x")),
        ("/w/ld", ("ld", LINK | 0o777, "/w/d")),
        ("/w/ld/", ("ld", DIR | 0o755, "")),
        ("/w/ld/.", (".", DIR | 0o755, "")),
        ("/w/lf", ("lf", LINK | 0o777, "/w/d/f")),
        ("w/d", ("d", DIR | 0o755, "")),
        ("/w/../w/d", ("d", DIR | 0o755, "")),
        ("/../../w/d/..", ("..", DIR | 0o755, "")),
        ("/w/out", ("out", LINK | 0o777, "/etc")),
    ],
)
def test_paths(root: Root, path: str, expected: tuple[str, int, str]) -> None:
    assert stat(root, path) == expected


def test_clean_takes_dots_out_of_the_name(root: Root) -> None:
    assert stat(root, "/w/d/..", clean=True)[0] == "w"
    assert stat(root, "/w/d/.", clean=True)[0] == "."


@pytest.mark.parametrize("path", ["/nope", "/w/dang/", "/w/out/passwd"])
def test_missing(root: Root, path: str) -> None:
    with pytest.raises(NotFound, match=f"^Could not find the file {path} in container box$"):
        stat(root, path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/w/d/f/", "lstat /w/d/f/: not a directory"),
        ("/w/d/f/x", "lstat /w/d/f/x: not a directory"),
        ("/w/loop1/", "lstat /w/loop1/: too many levels of symbolic links"),
        ("/w/loop1", "evalSymlinksInScope: too many links in /w/loop1"),
    ],
)
def test_impossible(root: Root, path: str, text: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        stat(root, path)
    assert str(caught.value) == text


def test_size_and_time(root: Root) -> None:
    os.utime(root.lowers[0] / "w/d/e", ns=(0, 1_500_000_000_120_000_000))
    found = run("stat_path", {"path": "/w/d/f"}, root=root)
    assert (found["size"], found["mtime"]) == (2, "1970-01-01T00:00:00Z")
    found = run("stat_path", {"path": "/w/d/e"}, root=root)
    assert found["mtime"] == "2017-07-14T02:40:00.12Z"


def test_paths_longer_than_a_system_call_takes(root: Root) -> None:
    deep = [b"d" * 200] * 40

    def make(merged: Path) -> None:
        os.chdir(merged)
        for name in deep:
            os.mkdir(name)
            os.chdir(name)
        os.mkfifo("end")

    root.change(make)
    path = "/w/../" + b"/".join(deep).decode() + "/end"
    assert stat(root, path)[:2] == ("end", FIFO | 0o644)
    with pytest.raises(NotFound):
        stat(root, path + "2")
    with pytest.raises(InvalidParameter):
        stat(root, "/w/" + "../w/" * 2000)
