"""The guides name only commands, flags and settings that exist."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.cli import table
from boxship.cli.errors import UsageError
from boxship.cli.flags.parser import parse
from boxship.cli.main import GLOBAL_FLAGS, load
from boxship.daemon.config import RELOADABLE, Settings, flag_parser
from boxship.daemon.config_file import EXPECTED, IGNORED, KEYS, read_file
from support import sources

GUIDES = sources.ROOT / "docs" / "guide"
# Its commands do not exist; tests/e2e/test_not_supported.py runs them.
MISSING = GUIDES / "not-supported.md"
PAGES = [*sorted({*GUIDES.glob("*.md")} - {MISSING}), sources.ROOT / "README.md"]
BLOCK = re.compile(r"(?ms)^```(\w*)\n(.*?)^```$")
INLINE = re.compile(r"`(boxship [^`…]+)`")
OPERATORS = frozenset("();<>|&")
# Programs of their own with parsers that no table lists.
APART = ("hub",)


def blocks(path: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(path.read_text()) if kind == language]


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words after ``boxship`` of each of its command lines in the shell script *text*."""
    for line in text.replace("\\\n", " ").splitlines():
        reader = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
        reader.whitespace_split = True
        words: list[str] | None = None
        begins = True
        for token in [*reader, ";"]:
            if set(token) <= OPERATORS:
                if words is not None:
                    yield words
                words, begins = None, True
            elif begins and token.rpartition("/")[2] == "boxship":
                words = []
            elif words is not None:
                words.append(token)
            else:
                begins = begins and bool(re.fullmatch(r"\$|sudo|\w+=.*", token))


def written(path: Path) -> list[list[str]]:
    found = [words for text in blocks(path, "sh") for words in commands(text)]
    prose = BLOCK.sub("", path.read_text())
    return found + [words for text in INLINE.findall(prose) for words in commands(text)]


def check(words: list[str]) -> None:
    """Raise for a command line that the program would refuse before it does anything."""
    rest = parse(GLOBAL_FLAGS, words, interspersed=False).positional
    if not rest or rest[0] in APART:
        return
    taken = 2 if rest[0] in table.GROUPS else 1
    row = table.find(" ".join(rest[:taken]))
    assert row is not None, f"there is no command {' '.join(rest[:taken])!r}"
    if row.module == "daemon":
        flag_parser().parse_args([word for word in rest[taken:] if word != "--help"])
        return
    command = load(row.module)
    parse(command.flags, rest[taken:], interspersed=command.interspersed)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_command_line_of_a_guide_is_one_of_the_program(path: Path) -> None:
    for words in written(path):
        check(words)


def test_command_lines_are_found_in_pipes_and_substitutions() -> None:
    script = "A=1 boxship ps -q | sort\nboxship stop $(boxship ps -q) && echo boxship\n"
    script += "/b/boxship \\\n -v"
    assert list(commands(script)) == [["ps", "-q"], ["stop", "$"], ["ps", "-q"], ["-v"]]


@pytest.mark.parametrize("line", ["boxship pss", "boxship ps --al", "boxship daemon --nosuch"])
def test_a_command_line_that_does_not_exist_is_noticed(line: str) -> None:
    with pytest.raises((AssertionError, UsageError, SystemExit)):
        check(next(commands(line)))


def test_guides_have_commands() -> None:
    assert sum(len(written(path)) for path in PAGES) > 80


def test_the_index_and_the_readme_lead_to_every_guide() -> None:
    index = (GUIDES / "README.md").read_text()
    names = {path.name for path in GUIDES.glob("*.md")} - {"README.md"}
    assert [name for name in sorted(names) if f"({name})" not in index] == []
    front = (sources.ROOT / "README.md").read_text()
    assert [name for name in sorted(names) if f"(docs/guide/{name})" not in front] == []
    assert "(docs/SECURITY.md)" in front
    assert "(../SECURITY.md)" in (GUIDES / "security.md").read_text()


def test_every_key_of_the_configuration_file_is_described_as_it_is_read() -> None:
    page = (GUIDES / "daemon-json.md").read_text()
    rows = re.findall(r"(?m)^\| `([a-z0-9-]+)` \| (.*?) \| `(.*?)` \| (yes)? ?\|", page)
    assert [name for name, *_ in rows] == sorted(KEYS)
    defaults = Settings()
    for key, kind, default, reload in rows:
        name = key.replace("-", "_")
        assert kind == EXPECTED[KEYS[key]], key
        assert json.loads(default) == getattr(defaults, name), key
        assert bool(reload) == (name in RELOADABLE), key


def test_what_the_page_says_of_other_keys_of_dockerd() -> None:
    page = (GUIDES / "daemon-json.md").read_text()
    ignored, refused = page[page.rindex("\n`storage-driver`") :].split("Other keys")
    assert set(re.findall(r"`([a-z-]+)`", ignored)) == IGNORED
    names = set(re.findall(r"`([a-z-]+)`", refused))
    assert len(names) > 10 and not names & (set(KEYS) | IGNORED)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_configuration_file_of_a_guide_is_read(path: Path, tmp_path: Path) -> None:
    for text in blocks(path, "json"):
        (tmp_path / "daemon.json").write_text(text)
        assert read_file(str(tmp_path / "daemon.json"))
