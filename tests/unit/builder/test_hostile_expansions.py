"""Texts that were made to keep whoever expands them busy."""

import subprocess
import sys

import pytest

from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.expand import Lexer

_STARS = "*a" * 20 + "*b"


@pytest.mark.parametrize("text", [f"${{v{how}{_STARS}}}" for how in ("#", "##", "%", "%%")])
def test_stars_that_have_no_match_are_not_tried_without_end(text: str) -> None:
    assert _expand(text) == "a" * 2000


def test_stars_that_replace_nothing_are_not_tried_without_end() -> None:
    assert _expand(f"${{v//{_STARS}/x}}") == "a" * 2000


def _expand(text: str) -> str:
    """In a process that can be ended: a regular expression cannot."""
    code = (
        "import sys; from boxship.builder.dockerfile.expand import Lexer\n"
        "print(Lexer().word(sys.argv[1], {'v': 'a' * 2000}))"
    )
    command = [sys.executable, "-c", code, text]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()


@pytest.mark.parametrize("text", ["${v#%s}", "${v%%%s}", "${v/%s/x}"])
def test_long_patterns_for_long_values_are_refused(text: str) -> None:
    env = {"v": "a" * 100_000, "p": ""}
    with pytest.raises(DockerfileError, match="too long"):
        Lexer().word(text.replace("%s", "?" * 10_000 + "b").replace("%%", "%"), env)


@pytest.mark.parametrize("quoted", ["{}", '"{}"'])
def test_values_made_of_values_do_not_grow_without_bound(quoted: str) -> None:
    env = {"v": "x" * 1000}
    with pytest.raises(DockerfileError, match="too long"):
        for _ in range(6):
            env["v"] = Lexer().word(quoted.format("$v" * 10), env)
    assert len(env["v"]) == 100_000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${v/b*/-}", "a-"),
        ("${v//b/-}", "a-c-d/a-"),
        ("${v/*b/-}", "-"),
        ("${v//?b/-}", "--d/-"),
        ("${v//*/-}", "-"),
        ("${v#*b}", "cbd/ab"),
        ("${v##*b}", ""),
        ("${v%b*}", "abcbd/a"),
        ("${v%%b*}", "a"),
        ("${v#x*}", "abcbd/ab"),
        ("${v/a*d*b/-}", "-"),
    ],
)
def test_patterns(text: str, value: str) -> None:
    assert Lexer().word(text, {"v": "abcbd/ab"}) == value
