"""Interpreters of scripts: the first line that starts with ``#!`` (execve(2), env(1))."""

import re

_LIMIT = 256  # bytes that the kernel reads
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


def interpreters(start: bytes) -> list[str]:
    """The programs that a file beginning with *start* is run by: paths, or names for the PATH."""
    if not start.startswith(b"#!"):
        return []
    line = start[2:_LIMIT].partition(b"\n")[0].decode(errors="surrogateescape")
    words = line.split()
    if not words or not words[0].startswith("/"):
        return []
    found = [words[0]]
    if words[0].rpartition("/")[2] == "env":
        named = _named_by_env(words[1:])
        found += [named] if named else []
    return found


def _named_by_env(words: list[str]) -> str | None:
    """The command among env's arguments; options other than ``-S`` and ``-i`` take no argument
    here, as hardly any script uses them.
    """
    for word in words:
        if word.startswith("-S") and len(word) > 2:
            return word[2:]
        if not word.startswith("-") and not _ASSIGNMENT.match(word):
            return word
    return None
