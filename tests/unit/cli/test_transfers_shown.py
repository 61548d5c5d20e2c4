"""Bytes that are sent and received are shown on a terminal, and nowhere else."""

import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.cli import transfer
from boxship.cli.files import Input
from boxship.cli.transfer import watched


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The other end of a terminal that stands for standard error."""
    ours, theirs = pty.openpty()
    monkeypatch.setattr(transfer, "_TERMINAL", theirs)
    monkeypatch.setattr(transfer, "_FRAME_SECONDS", 0)
    yield ours
    os.close(ours)
    os.close(theirs)


def test_amounts_are_shown_and_wiped_away(terminal: int) -> None:
    assert list(watched([b"x" * 1000, b"y" * 1000], "Sending archive", 4000)) == [
        b"x" * 1000,
        b"y" * 1000,
    ]
    shown = os.read(terminal, 65536).decode()
    assert "Sending archive" in shown and "1kB/4kB" in shown and "2kB/4kB" in shown
    assert shown.endswith("\r\x1b[2K")


def test_an_unknown_total_is_not_shown(terminal: int) -> None:
    assert b"".join(watched([b"x" * 1000], "Saving")) == b"x" * 1000
    assert "1kB/" not in os.read(terminal, 65536).decode()


def test_without_a_terminal_the_chunks_are_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    monkeypatch.setattr(transfer, "_TERMINAL", writer)
    chunks = [b"x"]
    assert watched(chunks, "Saving") is chunks
    os.close(reader)
    os.close(writer)
    assert watched(chunks, "Saving") is chunks


def test_the_size_of_a_file_is_its_total(terminal: int, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 3000)
    with Input(str(tmp_path / "f"), "Sending archive") as chunks:
        assert b"".join(chunks) == b"x" * 3000
    assert "3kB/3kB" in os.read(terminal, 65536).decode()
