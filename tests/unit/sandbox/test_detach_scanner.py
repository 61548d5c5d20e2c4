"""Detach keys: found however the input is cut, and no byte of anything else is lost."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.sandbox.detach import DEFAULT, DetachScanner, parse_keys


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DEFAULT, b"\x10\x11"),
        ("a", b"a"),
        ("a,b,c", b"abc"),
        ("ctrl-@", b"\x00"),
        ("ctrl-[,x", b"\x1bx"),
        ("ctrl-\\", b"\x1c"),
        ("ctrl-],ctrl-^,ctrl-_", b"\x1d\x1e\x1f"),
        ("ctrl-a,ctrl-z", b"\x01\x1a"),
        ("@", b"@"),
    ],
)
def test_keys_are_written_as_with_docker(text: str, expected: bytes) -> None:
    assert parse_keys(text) == expected


@pytest.mark.parametrize("text", ["", "ab", "ctrl-", "ctrl-A", "ctrl-1", "a,,b", "shift-a"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(InvalidParameter, match="Invalid escape keys"):
        parse_keys(text)


def feed(keys: bytes, pieces: list[bytes]) -> tuple[bytes, bool]:
    scanner = DetachScanner(keys)
    passed = b""
    for piece in pieces:
        data, detached = scanner.feed(piece)
        passed += data
        if detached:
            return passed, True
    return passed, False


def test_a_beginning_is_held_back_until_it_is_decided() -> None:
    scanner = DetachScanner(b"\x10\x11")
    assert scanner.feed(b"x\x10") == (b"x", False)
    assert scanner.feed(b"y") == (b"\x10y", False)
    assert scanner.feed(b"\x10") == (b"", False)
    assert scanner.feed(b"\x10") == (b"\x10", False)
    assert scanner.feed(b"\x11never seen") == (b"", True)


few = st.binary(max_size=30).map(lambda data: bytes(b"abc"[byte % 3] for byte in data))
keys = few.filter(bool).map(lambda text: text[:4])


@given(keys, few, st.lists(st.integers(0, 30)))
def test_how_the_input_is_cut_does_not_matter(key: bytes, data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    assert feed(key, pieces) == feed(key, [data])


@given(keys, few)
def test_what_is_passed_and_what_is_held_is_the_input(key: bytes, data: bytes) -> None:
    passed, detached = feed(key, [data])
    assert data.startswith(passed)
    rest = data[len(passed) :]
    if detached:
        assert rest.startswith(key)
    else:
        assert len(rest) < len(key) and key.startswith(rest)


@given(st.binary(max_size=50))
def test_without_keys_everything_passes(data: bytes) -> None:
    assert feed(b"", [data]) == (data, False)


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_the_default_keys_are_found_wherever_they_are(before: bytes, after: bytes) -> None:
    clean = before.replace(b"\x10", b"")
    assert feed(parse_keys(DEFAULT), [clean + b"\x10\x11" + after]) == (clean, True)
