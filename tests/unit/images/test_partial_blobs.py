"""Blobs that arrive in pieces."""

import os
import time
from pathlib import Path

import pytest

from boxship.base.digests import sha256
from boxship.base.errors import InvalidParameter
from boxship.images.partial import Partial, Partials

DATA = os.urandom(1000)


def _content(partial: Partial) -> bytes:
    with open(partial.reader(), "rb") as file:
        return file.read()


def test_pieces_over_several_lives(tmp_path: Path) -> None:
    digest = sha256(DATA)
    for start in range(0, 1000, 250):
        partial = Partials(tmp_path / "partial").open(digest)
        assert _content(partial) == DATA[:start]
        partial.recall()
        partial.write([DATA[start : start + 100], DATA[start + 100 : start + 250]])
        partial.close()
    partials = Partials(tmp_path / "partial")
    partial = partials.open(digest)
    assert _content(partial) == DATA
    partial.recall()
    partial.verify(1000)
    partial.close()
    assert partials.publish(digest, tmp_path / "final") is True
    assert (tmp_path / "final").read_bytes() == DATA
    assert list((tmp_path / "partial").iterdir()) == []
    assert partials.publish(digest, tmp_path / "final") is True
    assert partials.publish(sha256(b"other"), tmp_path / "other") is False


@pytest.mark.parametrize(("data", "size"), [(b"x" * 1000, 1000), (DATA, 999)])
def test_what_is_something_else_goes(tmp_path: Path, data: bytes, size: int) -> None:
    partial = Partials(tmp_path).open(sha256(DATA))
    partial.write([data])
    with pytest.raises(InvalidParameter, match="filesystem layer verification failed"):
        partial.verify(size)
    assert list(tmp_path.iterdir()) == []
    partial.close()


def test_beginning_again(tmp_path: Path) -> None:
    partial = Partials(tmp_path).open(sha256(DATA))
    partial.write([b"nonsense"])
    partial.restart()
    partial.write([DATA])
    partial.verify(1000)
    partial.close()


def test_what_nobody_wants_goes(tmp_path: Path) -> None:
    partials = Partials(tmp_path)
    for text in (b"old", b"new"):
        partials.open(sha256(text)).close()
    old = tmp_path / sha256(b"old").replace(":", "-")
    month_ago = time.time() - 30 * 86400
    os.utime(old, (month_ago, month_ago))
    partials.sweep()
    assert [path.name for path in tmp_path.iterdir()] == [sha256(b"new").replace(":", "-")]
