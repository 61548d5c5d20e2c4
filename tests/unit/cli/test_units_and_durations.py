"""Sizes and spans of time as Docker prints and reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.cli.output.durations import parse_duration
from boxship.cli.output.units import binary_size, human_size, parse_size, short_size


@pytest.mark.parametrize(
    ("size", "text", "short", "binary"),
    [
        (0, "0B", "0B", "0B"),
        (999, "999B", "999B", "999B"),
        (1000, "1kB", "1kB", "1000B"),
        (1234567, "1.235MB", "1.23MB", "1.177MiB"),
        (2026471, "2.026MB", "2.03MB", "1.933MiB"),
        (25276841984, "25.28GB", "25.3GB", "23.54GiB"),
    ],
)
def test_sizes(size: int, text: str, short: str, binary: str) -> None:
    assert (human_size(size), short_size(size), binary_size(size)) == (text, short, binary)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512", 512),
        ("10k", 10240),
        ("1.5g", 1610612736),
        ("2MiB", 2 << 20),
        ("3Kb", 3072),
        ("7b", 7),
        ("1 m", 1 << 20),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "x", "-1", "1.2.3", "5x", "1kk", "k", "1i", "b", "."])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=f"invalid size: '{text}'"):
        parse_size(text)


@given(st.integers(0, 10**18))
def test_large_sizes_stay_short(size: int) -> None:
    assert len(human_size(size)) <= 7
    assert len(short_size(size)) <= 6 or "e+" in short_size(size)


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("1s", 10**9),
        ("1h30m", 5400 * 10**9),
        ("500ms", 5 * 10**8),
        ("-1.5s", -15 * 10**8),
        ("2us", 2000),
        ("1h0m0.5s", 36005 * 10**8),
    ],
)
def test_durations_are_read(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "x", "1", "1x", "s", ".s", "1.2.3s", "-", "1s2"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="time: "):
        parse_duration(text)
