"""Here-documents: ``<<EOF``, ``<<-EOF`` and ``<<"EOF"`` in RUN, COPY and ADD."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.expand import Lexer, split_words

_WORD = re.compile(r"(\d*)<<(-?)([^<]*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Heredoc:
    """``chomp`` drops leading tabs, which ``raw`` still has; ``expand`` lets variables in;
    ``content`` ends in a newline."""

    name: str
    expand: bool
    chomp: bool
    descriptor: int
    content: str = ""
    raw: str = ""

    def with_content(self, raw: str) -> "Heredoc":
        content = re.sub(r"(?m)^\t+", "", raw) if self.chomp else raw
        return replace(self, content=content, raw=raw)


def parse_word(word: str, escape: str = "\\") -> Heredoc | None:
    """The document that *word* begins, or None when it is an ordinary one."""
    match = _WORD.match(word)
    if match is None or not match[3]:
        return None
    descriptor, chomp, rest = match.groups()
    quoted = any(mark in rest for mark in "\"'")
    try:
        words = Lexer(escape, raw_escapes=True).words(rest, {})
    except DockerfileError:
        return None
    if len(words) != 1 or any(mark in rest for mark in ">()|;&"):
        return None
    return Heredoc(words[0], not quoted, bool(chomp), int(descriptor or 0))


def find(line: str, escape: str = "\\") -> list[Heredoc]:
    """The documents that *line* announces, in order."""
    try:
        words = split_words(line, escape)
    except DockerfileError:
        return []
    found = [parse_word(word, escape) for word in words]
    return [each for each in found if each is not None]


def read(heredoc: Heredoc, lines: Iterator[tuple[int, str]], started: int) -> tuple[Heredoc, int]:
    """*heredoc* with what *lines* (number, text with its end) hold up to its terminator, and the
    number of that line. :class:`DockerfileError` when it does not come."""
    content: list[str] = []
    for number, line in lines:
        candidate = line.rstrip("\r\n")
        if heredoc.chomp:
            candidate = candidate.lstrip("\t")
        if candidate == heredoc.name:
            return heredoc.with_content("".join(content)), number
        content.append(line)
    raise DockerfileError("unterminated heredoc", started, heredoc.name)
