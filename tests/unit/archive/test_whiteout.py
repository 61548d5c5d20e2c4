"""Whiteout names in both directions."""

import pytest

from boxship.archive import whiteout
from boxship.archive.errors import TarError


@pytest.mark.parametrize("path", [b"a", b"dir/b", b"dir/.hidden", b"x/.wh"])
def test_names_a_whiteout_and_reads_it_back(path: bytes) -> None:
    assert whiteout.target(whiteout.of(path)) == path
    assert whiteout.target(path) is None


def test_opaque_marks() -> None:
    assert whiteout.opaque(b"") == b".wh..wh..opq"
    assert whiteout.opaque(b"a/b") == b"a/b/.wh..wh..opq"
    assert whiteout.is_opaque(b"a/.wh..wh..opq") and whiteout.is_opaque(b".wh..wh..opq")
    assert not whiteout.is_opaque(b"a/x.wh..wh..opq")
    assert whiteout.target(b"a/.wh..wh..opq") is None


def test_bookkeeping_of_aufs_is_no_whiteout() -> None:
    assert whiteout.target(b".wh..wh.plnk") is None


@pytest.mark.parametrize("path", [b"a/.wh.", b".wh..", b"a/.wh..."])
def test_whiteouts_of_directories_themselves_are_refused(path: bytes) -> None:
    with pytest.raises(TarError, match="invalid whiteout"):
        whiteout.target(path)
