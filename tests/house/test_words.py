"""What is in the tree is finished, and explains itself."""

import ast
import re

from support import sources

# Spelt in two parts so that this file does not accuse itself.
UNFINISHED = re.compile(
    r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK|place" r"holder|not yet imple" r"mented)\b"
)


def test_nothing_is_left_unfinished() -> None:
    found = [
        f"{sources.name_of(path)}:{number}: {line.strip()}"
        for path in sources.tracked("*.py", "*.md", "*.toml", "Makefile", "tools/*", ".ci/*")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert found == []


def test_every_module_says_what_it_is() -> None:
    """Files of tests may leave that to the names of the tests."""
    silent = [
        sources.name_of(path)
        for path in sources.tracked("src/*.py", "tests/support/*.py", "benchmarks/*.py")
        if path.read_text().strip() and not ast.get_docstring(sources.tree(path))
    ]
    assert silent == []


def test_no_module_is_a_drawer() -> None:
    """A name like these says nothing about what is inside."""
    drawers = {"utils", "util", "helpers", "misc", "common", "stuff"}
    found = [p for p in sources.tracked("src/*.py", "tests/*.py") if p.stem in drawers]
    assert found == []


def test_test_files_have_unique_names() -> None:
    """pytest imports test files by their bare names."""
    names = [path.name for path in sources.tracked("tests/*test_*.py")]
    assert sorted(names) == sorted(set(names))
