"""``.dockerignore``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.builder.dockerfile.ignore import Ignored, read_patterns


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("a\n#b\n\n  c  \n", ["a", "c"]),
        ("/a/\n./b\na/../c\n", ["a", "b", "c"]),
        ("! /x\n", ["!x"]),
        ("\ufeffa", ["a"]),
        ("a\r\n", ["a"]),
        (" #a", ["#a"]),
    ],
)
def test_ignore_files_are_lists_of_clean_paths(text: str, patterns: list[str]) -> None:
    assert read_patterns(text) == patterns


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        (["a"], "a", True),
        (["a"], "a/b/c", True),
        (["a"], "b/a", False),
        (["*"], "x", True),
        (["*"], "x/y", True),
        (["*.go"], "x.go", True),
        (["*.go"], "d/x.go", False),
        (["**/*.go"], "x.go", True),
        (["**/*.go"], "d/e/x.go", True),
        (["d/**"], "d/e", True),
        (["d/**"], "d", False),
        (["**"], "x/y", True),
        (["a/**/z"], "a/z", True),
        (["a/**/z"], "a/b/c/z", True),
        (["?"], "a", True),
        (["?"], "ab", False),
        (["[a-c]x"], "bx", True),
        (["[^a-c]x"], "bx", False),
        (["[^a-c]x"], "dx", True),
        (["a", "!a/b"], "a/b", False),
        (["a", "!a/b"], "a/c", True),
        (["*", "!keep"], "keep", False),
        (["*", "!keep"], "keep/x", False),
        (["!keep", "*"], "keep", True),
        (["a.b"], "axb", False),
        (["\\*"], "*", True),
        (["\\*"], "x", False),
        (["a+b(c)"], "a+b(c)", True),
        (["a*/b"], "axx/b", True),
        (["a*/b"], "a/x/b", False),
        (["**.log"], "x.log", True),
        (["**.log"], "d/x.log", True),
        (["**.log"], "d.log/x", True),
        (["**.log"], "x.log2", False),
        (["**b"], "d/ab/c", True),
        (["**a/b"], "d/xa/b", True),
        (["*", "!**.md"], "d/x.md", False),
        (["**.l?g"], "x.log", False),
        (["**.l?g"], "d/.log", True),
        (["d/**.log"], "d/x.log", False),
        (["d/**.log"], "d/e/.log", True),
    ],
)
def test_the_last_matching_pattern_decides(patterns: list[str], path: str, ignored: bool) -> None:
    assert Ignored(patterns).matches(path) is ignored


@pytest.mark.parametrize("pattern", ["!", "[", "[a", "[]a]", "[b-a]", "a\\"])
def test_patterns_that_make_no_sense(pattern: str) -> None:
    with pytest.raises(InvalidParameter):
        Ignored([pattern])


_SEGMENT = st.text(alphabet="ab.+($^", min_size=1, max_size=4).filter(
    lambda s: s not in (".", "..")
)


@given(st.lists(_SEGMENT, min_size=1, max_size=4))
def test_a_plain_path_ignores_itself_and_what_is_below(parts: list[str]) -> None:
    path = "/".join(parts)
    ignored = Ignored([path])
    assert ignored.matches(path) and ignored.matches(path + "/x")
    assert not ignored.matches(path + "x") and not ignored.matches("x" + path)
    assert not Ignored([path, "!" + path]).matches(path)


@given(st.text(alphabet="ab*?[]^-!/\\.", max_size=12), st.lists(_SEGMENT, min_size=1, max_size=3))
def test_no_pattern_breaks_the_matcher(pattern: str, parts: list[str]) -> None:
    try:
        Ignored([pattern]).matches("/".join(parts))
    except InvalidParameter as error:
        assert "pattern" in str(error)
