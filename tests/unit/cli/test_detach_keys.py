"""The keys that leave a container."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.cli.detach import DetachScanner, parse_keys


def test_keys() -> None:
    assert parse_keys("ctrl-p,ctrl-q") == b"\x10\x11"
    assert parse_keys("a,ctrl-@,ctrl-_,DEL") == b"a\x00\x1f\x7f"
    assert parse_keys("") == b""


@pytest.mark.parametrize("text", ["ab", "ctrl-", "ctrl-ab", "ctrl-1", "a,,b", "é"])
def test_unknown_keys(text: str) -> None:
    with pytest.raises(InvalidParameter, match="Unknown character"):
        parse_keys(text)


@given(st.lists(st.binary(max_size=6)), st.sampled_from([b"\x10\x11", b"aab", b"x"]))
def test_only_the_sequence_detaches(pieces: list[bytes], keys: bytes) -> None:
    """Compared with a search in the whole: a sequence may be split over any number of reads."""
    scanner = DetachScanner(keys)
    typed = b"".join(pieces).replace(keys[:1], b"")
    passed = b""
    for piece in pieces:
        data, detached = scanner.feed(piece.replace(keys[:1], b""))
        passed += data
        assert not detached
    assert passed == typed
    for byte in keys[:-1]:
        assert scanner.feed(bytes([byte])) == (b"", False)
    assert scanner.feed(keys[-1:] + b"dropped") == (b"", True)


def test_a_broken_sequence_is_passed_on_whole() -> None:
    scanner = DetachScanner(b"\x10\x11")
    assert scanner.feed(b"a\x10") == (b"a", False)
    assert scanner.feed(b"b") == (b"\x10b", False)
    assert scanner.feed(b"\x10\x10") == (b"\x10", False)
    assert scanner.feed(b"\x11") == (b"", True)
