"""Patterns and points in time that filters are made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.base.times import now_ns
from boxship.images.moments import parse_duration, parse_until
from boxship.images.patterns import compile_pattern, matches
from boxship.images.reference import parse


# The answers are those of Go's path.Match.
@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("abc", "abc", True),
        ("*", "abc", True),
        ("*c", "abc", True),
        ("a*", "ab/c", False),
        ("a*/b", "abc/b", True),
        ("a*b*c*d*e*/f", "axbxcxdxe/f", True),
        ("a?b*c", "axbbc", True),
        ("a?", "a/", False),
        ("ab[c]", "abc", True),
        ("ab[b-d]", "abc", True),
        ("ab[e-g]", "abc", False),
        ("ab[^c]", "abc", False),
        ("ab[^e-g]", "abc", True),
        ("a\\*b", "a*b", True),
        ("[\\]a]", "]", True),
        ("[\\-x]", "-", True),
        ("a[^a]b", "a/b", False),
        ("*x", "xxx", True),
        ("[x-a]", "x", False),
        ("*a*a", "xaxxa", True),
        ("*ab*b", "aabb", True),
        ("*a", "a/a", False),
        ("*/*/a", "x/y/a", True),
        ("a*", "a/", False),
    ],
)
def test_patterns_match_as_go_does(pattern: str, text: str, expected: bool) -> None:
    assert (compile_pattern(pattern).match(text) is not None) is expected


@pytest.mark.parametrize("pattern", ["[", "[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "a[", "\\"])
def test_malformed_patterns(pattern: str) -> None:
    with pytest.raises(InvalidParameter, match="syntax error in pattern"):
        compile_pattern(pattern)


def test_a_pattern_with_many_stars_is_answered() -> None:
    assert compile_pattern("*a" * 200 + "b").match("a" * 1000) is None


def test_the_length_of_a_pattern_is_limited() -> None:
    assert compile_pattern("a" * 4096).match("a" * 4096)
    with pytest.raises(InvalidParameter, match="pattern of more than 4096 characters"):
        compile_pattern("a" * 4097)


@given(st.text("a/*?[]^-\\x", max_size=20), st.text("a/x-", max_size=10))
def test_patterns_never_crash(pattern: str, text: str) -> None:
    try:
        compile_pattern(pattern).match(text)
    except InvalidParameter:
        pass


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("busy*", "busybox:latest", True),
        ("busybox", "busybox:1", True),
        ("*:1", "busybox:1", True),
        ("*box", "user/busybox:1", False),
        ("*/busybox", "user/busybox:1", True),
        ("docker.io/library/busybox", "busybox:1", False),
    ],
)
def test_reference_patterns_see_familiar_names(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, parse(name)) is expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("1s", 1), ("1h30m", 5400), ("1.5m", 90), ("-2s", -2), (".5s", 0.5), ("10ms", 0.01)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == int(seconds * 10**9)


@pytest.mark.parametrize("text", ["", "5", "h", "1x", "1s2", "s1", "1 s"])
def test_malformed_durations(text: str) -> None:
    with pytest.raises(InvalidParameter):
        parse_duration(text)


def test_until() -> None:
    assert parse_until("1700000000") == 1700000000 * 10**9
    assert parse_until("1700000000.5") == 1700000000 * 10**9 + 500_000_000
    assert parse_until("2023-11-14T22:13:20Z") == 1700000000 * 10**9
    hour = 3600 * 10**9
    assert abs(now_ns() - hour - parse_until("1h")) < hour / 2
    with pytest.raises(InvalidParameter) as error:
        parse_until("zzz")
    assert str(error.value) == 'failed to parse value as time or duration: "zzz"'
