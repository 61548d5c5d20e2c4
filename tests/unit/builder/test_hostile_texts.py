"""Texts that were made to keep whoever reads them busy: planned, or refused, in bounded time."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.ignore import translate
from boxship.builder.dockerfile.lines import parse
from boxship.builder.plan import make_plan
from boxship.builder.stage import Arguments

_PLAN = """\
import resource, sys
from boxship.base.errors import BoxshipError
from boxship.builder.dockerfile.ignore import Ignored
from boxship.builder.dockerfile.lines import parse
from boxship.builder.lint.linter import lint, options_of
from boxship.builder.needs import find_needs
from boxship.builder.plan import make_plan
from boxship.builder.stage import Arguments
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
try:
    plan = make_plan(parse("FROM scratch\\n" + eval(sys.argv[1])), Arguments())
    find_needs(plan, {})
    lint(plan, options_of(plan), {}, Ignored(["a"]))
except BoxshipError as error:
    print(str(error)[:200])
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("'LABEL a=1 ' + '\\\\\\nb=2 ' * 150_000", ""),
        ("'ENV ' + ' '.join(f'a{i}=$a1' for i in range(100_000))", ""),
        ("'LABEL a=b\\n' * 199_000", "more than 5000 instructions"),
        ("'COPY ' + 'a ' * 500_000 + '/x/'", ""),
        ("'COPY ' + '<<E ' * 100_000 + '/x/'", "unterminated heredoc"),
        ("'ENV v=' + 'x' * 200_000 + '\\nENV w=${v//?/$v}'", ""),
        ("'ENV v=' + 'x' * 200_000 + '\\n' + 'ENV w=${v//?????????????/y}\\n' * 4000", ""),
        ("'ENV v=' + 'x' * 200_000 + '\\nENV ' + ' '.join(f'a{i}=$v' for i in range(9000))", ""),
        ("'EXPOSE ' + '1-65535 ' * 2000", ""),
        ("'ARG ' + ' '.join(f'a{i}=$a1' for i in range(100_000))", "more than 1000 names"),
        ("'CMD ' + '[' * 1_000_000", ""),
        ("'X' * 2_000_000", "unknown instruction"),
        ("('ENV a=' + '${a:-' * 49 + 'x' + '}' * 49 + '\\n') * 4000", ""),
    ],
)
def test_long_texts_take_neither_time_nor_memory_without_end(text: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PLAN, text], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert said in done.stdout


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 12 + "*b", "a" * 250),
        ("**/" * 40 + "x", "a/" * 2000 + "b"),
        ("**/*a*a*a/" * 12 + "x", "aaaaaaa/" * 500 + "b"),
        ("a**a**a**a*a*a*b", "a/" * 2000),
    ],
)
def test_stars_that_have_no_match_are_not_tried_without_end(pattern: str, path: str) -> None:
    """In a process that can be ended: a regular expression cannot."""
    code = "import re, sys; print(re.compile(sys.argv[1], re.DOTALL).match(sys.argv[2]))"
    command = [sys.executable, "-c", code, translate(pattern), path]
    assert subprocess.check_output(command, timeout=60) == b"None\n"


def test_errors_about_long_lines_are_short() -> None:
    text = "FROM a\n" + "X" * 1_000_000
    with pytest.raises(DockerfileError) as caught:
        make_plan(parse(text), Arguments())
    assert len(caught.value.explain(text)) < 20_000


def test_patterns_with_too_many_choices_are_refused() -> None:
    with pytest.raises(InvalidParameter, match=r"too many \*\*"):
        translate("a**" * 30)


@given(
    st.lists(st.sampled_from(["a", "b", "/", "*", "**", "**/", "?", "[^a]"]), max_size=7),
    st.text("ab/", max_size=8),
)
def test_nothing_else_is_matched_for_that(parts: list[str], path: str) -> None:
    pattern = "".join(parts)
    try:
        found = re.compile(translate(pattern), re.DOTALL).match(path)
    except InvalidParameter:
        return
    assert (found is not None) == _matches(pattern, path)


def _matches(pattern: str, path: str) -> bool:
    """By trying everything."""
    if not pattern:
        return not path
    if pattern.startswith("**"):
        rest = pattern[2:].removeprefix("/")
        ends = [0, *(at for at in range(1, len(path) + 1) if path[at - 1] == "/")]
        return not rest or any(_matches(rest, path[at:]) for at in ends)
    if pattern[0] == "*":
        length = (path + "/").index("/")
        return any(_matches(pattern[1:], path[at:]) for at in range(length + 1))
    one, rest = ("[^a]", pattern[4:]) if pattern[0] == "[" else (pattern[0], pattern[1:])
    good = {"?": path[:1] not in ("", "/"), "[^a]": path[:1] not in ("", "/", "a")}
    return good.get(one, path[:1] == one) and _matches(rest, path[1:])
