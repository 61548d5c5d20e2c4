"""A file as logical lines: continuations joined, comments gone, here-documents attached."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from boxship.builder.dockerfile import heredoc
from boxship.builder.dockerfile.directives import Directives
from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.flags import Flag, take_flags
from boxship.builder.dockerfile.heredoc import Heredoc

_BOM = "\ufeff"
_WITH_HEREDOCS = ("ADD", "COPY", "RUN")
_TRIGGER = re.compile(r"ONBUILD\s+", re.IGNORECASE)
_MAX_LINES = 200_000


@dataclass(frozen=True, slots=True)
class Line:
    """One instruction as it stands. *keyword* is in upper case, *rest* what follows the flags,
    *text* the whole of it on one line; *first* and *last* are line numbers, from 1;
    *comments* stand right above it.
    """

    keyword: str
    flags: tuple[Flag, ...]
    rest: str
    text: str
    first: int
    last: int
    heredocs: tuple[Heredoc, ...] = ()
    escape: str = "\\"
    comments: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        """How dockerd introduces errors of this line."""
        return f"dockerfile parse error on line {self.first}: "

    def fail(self, message: str, token: str = "") -> DockerfileError:
        return DockerfileError(message, self.first, token or self.keyword, self.prefix)


@dataclass(slots=True)
class Dockerfile:
    """*text* is the file as it was read, *name* what to call it in messages;
    *empty_continuations* are numbers of lines that end an instruction with empty ones in it."""

    text: str
    lines: list[Line]
    directives: dict[str, str]
    name: str = "Dockerfile"
    warnings: list[str] = field(default_factory=list)
    empty_continuations: list[int] = field(default_factory=list)


def parse(text: str, name: str = "Dockerfile") -> Dockerfile:
    """:class:`DockerfileError` when the text is no Dockerfile; keywords are not looked at."""
    text = text.removeprefix(_BOM)
    directives = Directives()
    result = Dockerfile(text, [], directives.values, name)
    numbered = enumerate(_split(text), 1)
    comments: list[str] = []
    for number, raw in numbered:
        stripped = raw.lstrip().rstrip("\r\n")
        directives.take(stripped, number)
        if number > _MAX_LINES:
            raise DockerfileError(f"the file has more than {_MAX_LINES} lines", number)
        if stripped.startswith("#"):
            comments.append(stripped[1:].strip())
            continue
        above, comments = tuple(comments), []
        if not stripped:
            continue
        content, goes_on = _continued(stripped, directives.escape)
        if goes_on and not content.strip():
            continue
        line = _Joined(number, content, goes_on, directives.escape)
        line.read(numbered, result)
        found = _line(line, numbered, directives.escape)
        if found is not None:
            result.lines.append(replace(found, comments=above) if above else found)
    if not result.lines:
        raise DockerfileError("file with no instructions")
    return result


def parse_line(text: str, number: int = 1, escape: str = "\\") -> Line:
    """A single instruction that stands by itself, such as a trigger of ONBUILD: its here-documents
    follow on lines of their own."""
    first, _, others = text.partition("\n")
    numbered = iter(enumerate(_split(others), number + 1))
    found = _line(_Joined(number, first, False, escape), numbered, escape)
    if others and found is not None and not found.heredocs:
        found = _line(_Joined(number, text, False, escape), iter(()), escape)
    if found is None:
        raise DockerfileError("file with no instructions", number)
    return found


def _split(text: str) -> list[str]:
    """Lines with their ends; only a line feed ends one."""
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)


def _continued(line: str, escape: str) -> tuple[str, bool]:
    """*line* without its continuation mark, and whether it had one (a doubled mark is none)."""
    trimmed = line.rstrip(" \t")
    if not trimmed.endswith(escape) or trimmed.endswith(escape * 2):
        return line, False
    return trimmed[:-1], True


@dataclass(slots=True)
class _Joined:
    first: int
    content: str
    goes_on: bool
    escape: str
    last: int = 0

    def read(self, numbered: Iterator[tuple[int, str]], result: Dockerfile) -> None:
        """Take the lines that continue this one."""
        self.last = self.first
        pieces, empty = [self.content], False
        while self.goes_on:
            number, raw = next(numbered, (0, ""))
            if not number:
                break
            self.last = number
            piece = raw.rstrip("\r\n")
            if piece.lstrip().startswith("#"):
                continue
            if not piece.strip():
                empty = True
                continue
            piece, self.goes_on = _continued(piece, self.escape)
            pieces.append(piece)
        self.content = "".join(pieces)
        if empty:
            text = f"Empty continuation line found in:\n    {self.content.strip()}"
            result.warnings.append(text)
            result.empty_continuations.append(self.last)


def _line(joined: _Joined, numbered: Iterator[tuple[int, str]], escape: str) -> Line | None:
    text = joined.content.strip()
    if not text:
        return None
    parts = re.split(r"\s+", text, maxsplit=1)
    keyword = parts[0].upper()
    last = joined.last or joined.first
    documents: list[Heredoc] = []
    speaking = _TRIGGER.sub("", text, count=1).split(None, 1)[0].upper() if "<<" in text else ""
    if speaking in _WITH_HEREDOCS:
        for document in heredoc.find(text, escape):
            read, last = heredoc.read(document, numbered, joined.first)
            documents.append(read)
    flags, rest = take_flags(parts[1] if len(parts) > 1 else "", escape)
    return Line(
        keyword, tuple(flags), rest.strip(), text, joined.first, last, tuple(documents), escape
    )
