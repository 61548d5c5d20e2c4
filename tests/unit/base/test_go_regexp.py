"""Regular expressions of clients: Go's rules and texts, bounded time and memory."""

import subprocess
import sys

import pytest

from boxship.base.errors import InvalidParameter
from boxship.base.go_regexp import LONGEST, MOST, BadPattern, compile_filter, compile_regexp


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "web", True),
        ("web", "my-web-1", True),
        ("^web", "my-web", False),
        ("^/web$", "/web", True),
        ("^/web$", "/web\n", False),
        ("b$", "web", True),
        ("^$", "", True),
        ("w.b", "web", True),
        ("^w[a-e]b$", "web", True),
        ("^w.b$", "web\n", False),
        (r"\AW", "web", False),
        ("(?i)WEB", "web", True),
        (r"^\d$", "٣", False),
        ("^é.$", "éé", True),
        (r"\pL", "é", True),
        ("[[:alpha:]]", "1a", True),
    ],
)
def test_an_expression_matches_as_go_does(pattern: str, text: str, expected: bool) -> None:
    assert compile_regexp(pattern)(text) is expected


def test_an_expression_that_python_would_try_for_ever_is_answered() -> None:
    assert not compile_regexp("(a+)+$x")("a" * 100_000)
    assert not compile_regexp("(a|aa)*b")("a" * 100_000)
    assert not compile_regexp(".*.*.*.*=")("a" * 100_000)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(", "missing closing ): `(`"),
        ("[", "missing closing ]: `[`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("\\", "trailing backslash at end of expression: ``"),
        (r"(\pL{500})", "expression too large"),
    ],
)
def test_a_malformed_expression_is_refused_in_go_words(pattern: str, text: str) -> None:
    with pytest.raises(BadPattern) as error:
        compile_regexp(pattern)
    assert str(error.value) == f"error parsing regexp: {text}"


def test_the_length_of_an_expression_is_limited() -> None:
    assert compile_regexp("." * LONGEST)("a" * LONGEST)
    with pytest.raises(InvalidParameter, match="regular expression of more than"):
        compile_regexp("." * (LONGEST + 1))


def test_the_number_of_expressions_in_a_filter_is_limited() -> None:
    assert len(compile_filter(["a."] * MOST)) == MOST
    with pytest.raises(InvalidParameter, match="more than 64 regular expressions"):
        compile_filter(["a."] * (MOST + 1))


def test_plain_names_are_not_limited() -> None:
    searches = compile_filter([f"^/name-{number}$" for number in range(1000)])
    assert [matches("/name-7") for matches in searches].count(True) == 1
    assert compile_regexp("a" * 100_000)("a" * 100_000)


def test_a_malformed_expression_of_a_filter_matches_nothing() -> None:
    assert compile_filter(["(", "[a"]) == []


def test_the_engine_is_loaded_with_the_first_expression() -> None:
    script = (
        "import sys\n"
        "from boxship.base.go_regexp import compile_regexp\n"
        "compile_regexp('^/web$')\n"
        "assert 're2' not in sys.modules\n"
        "compile_regexp('w.b')\n"
        "assert 're2' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
