"""Between two equal stamps nothing has changed, nor has it changed back."""

import os
from collections.abc import Callable
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest

from boxship.sandbox.workers import build_digest
from boxship.sandbox.workers.remembered import Remembered

_ACTION: dict[str, Any] = {"source": 0, "paths": [{"text": "/", "parts": []}], "required": True}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in (("tree/sub", "first"), ("other", "other")):
        (tmp_path / path).mkdir(parents=True)
        (tmp_path / path / "a").write_text(text)
    return tmp_path / "tree"


def _look(tree: Path) -> tuple[str, str]:
    fd = os.open(tree, os.O_PATH | os.O_DIRECTORY)
    try:
        answer = build_digest.run(None, {"actions": [_ACTION]}, [fd])
        return answer["digests"][0], answer["stamp"]
    finally:
        os.close(fd)


def _in_place(file: Path) -> None:
    times = file.stat()
    file.write_text("OTHER")
    file.write_text("first")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def _there_and_back(path: Path, other: Path) -> None:
    kept = path.with_name("kept")
    path.rename(kept)
    other.rename(path)
    path.rename(other)
    kept.rename(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: _in_place(tree / "sub" / "a"),
        lambda tree: _there_and_back(tree / "sub" / "a", tree.parent / "other" / "a"),
        lambda tree: _there_and_back(tree / "sub", tree.parent / "other"),
        lambda tree: _there_and_back(tree, tree.parent / "other"),
    ],
    ids=["file", "name", "directory", "top"],
)
def test_what_has_changed_back_is_seen(
    tree: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    monkeypatch.setattr(Remembered, "stamp", partialmethod(Remembered.stamp, -(10**10)))
    before = _look(tree)
    assert before[1] and _look(tree) == before
    made = (tree / "sub" / "a").stat().st_ctime_ns
    probe = tree.parent / "probe"
    probe.touch()
    while probe.stat().st_ctime_ns <= made:
        # The clock of the file system has to move on.
        probe.touch()
    change(tree)
    after = _look(tree)
    assert after[0] == before[0] and after[1] != before[1]


def test_what_changed_just_now_could_change_unseen(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Remembered, "stamp", partialmethod(Remembered.stamp, 10**12))
    assert _look(tree)[1] == ""
