"""Files whose inode has not changed are not read again, and all others are."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from boxship.sandbox.workers import build_digest
from boxship.sandbox.workers.levels import Level
from boxship.sandbox.workers.remembered import Remembered

ACTION: dict[str, Any] = {"source": 0, "paths": [{"text": "/", "parts": []}], "required": True}
DIGEST = bytes(range(32))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "f"
    path.write_text("content")
    return path


def _after_noting(path: Path) -> Remembered:
    first = Remembered(young=-1_000_000_000)
    first.note(path.stat(), DIGEST)
    return Remembered(first.encoded())


def _known(files: Remembered, path: Path) -> list[bytes]:
    """The names that are known of the directory with *path*, found either way."""
    fd = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        names = [node.path for node in files.known(Level(b"", fd, [os.fsencode(path.name)]))]
        taken = files.taken(Level(b"", fd, [os.fsencode(path.name)]))
        assert [name for name, _, _ in taken] == names
    finally:
        os.close(fd)
    return names


def test_what_was_noted_is_known(file: Path) -> None:
    files = _after_noting(file)
    assert _known(files, file) == [b"f"]
    assert files.digest(file.stat()) == DIGEST


def test_a_change_behind_the_back_of_size_and_time_is_seen(file: Path) -> None:
    files, before = _after_noting(file), file.stat()
    file.write_text("CONTENT")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert not _known(files, file)


def test_a_new_mode_is_seen(file: Path) -> None:
    files = _after_noting(file)
    file.chmod(0o711)
    assert not _known(files, file)


def test_what_changed_just_now_is_not_remembered(file: Path) -> None:
    files = Remembered()
    files.note(file.stat(), DIGEST)
    assert files.encoded() == b""


def test_what_is_not_used_any_more_is_forgotten(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("")
    first = Remembered(young=-1_000_000_000)
    first.note(file.stat(), DIGEST)
    first.note(other.stat(), DIGEST)
    second = Remembered(first.encoded())
    second.digest(file.stat())
    assert len(second.encoded()) * 2 == len(first.encoded())


def test_a_table_that_is_none_is_empty(file: Path) -> None:
    assert not _known(Remembered(b"nonsense"), file)


def _run(directory: Path, before: bytes, **more: Any) -> tuple[str, bytes]:
    """The digest of *directory*, whose files are older than a few seconds, and the next table."""
    fds = [os.memfd_create("before"), os.memfd_create("now")]
    fds.append(os.open(directory, os.O_PATH | os.O_DIRECTORY))
    try:
        os.pwrite(fds[0], before, 0)
        answer = build_digest.run(None, {"actions": [ACTION | more], "remember": True}, fds)
        return answer["digests"][0], os.pread(fds[1], 1 << 20, 0)
    finally:
        for fd in fds:
            os.close(fd)


def test_the_worker_finds_the_same_with_a_table_and_without() -> None:
    directory = Path(json.__file__).parent
    digest, table = _run(directory, b"")
    assert len(table) >= 72
    assert _run(directory, table) == (digest, table)


def test_the_worker_believes_the_table() -> None:
    """Or it would be of no use."""
    directory = Path(json.__file__).parent
    digest, table = _run(directory, b"")
    assert _run(directory, table[:-32] + bytes(32))[0] != digest


@pytest.mark.parametrize("owners", [False, True])
def test_rules_that_leave_nothing_out_change_nothing(owners: bool) -> None:
    """Files that are known are taken another way then."""
    directory = Path(json.__file__).parent
    digest, table = _run(directory, b"", owners=owners)
    rules = [[False, "no-such-file"]]
    for more in ({}, {"excludes": rules}, {"ignore": rules}):
        assert _run(directory, table, owners=owners, **more) == (digest, table)
