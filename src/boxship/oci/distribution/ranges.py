"""Byte ranges: of downloads (RFC 9110, section 14) and of upload chunks (distribution-spec)."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes\s*=\s*(\d*)-(\d*)\s*\Z", re.ASCII | re.IGNORECASE)
_CHUNK = re.compile(r"(\d+)-(\d+)\Z", re.ASCII)
_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Span:
    """*count* bytes from *start*."""

    start: int
    count: int

    def content_range(self, size: int) -> str:
        return f"bytes {self.start}-{self.start + self.count - 1}/{size}"


class Unsatisfiable(ValueError):
    """A well-formed range that has no byte of the content."""


def requested(header: str, size: int) -> Span | None:
    """The part of *size* bytes that a Range header asks for; None means all of it.

    Several ranges and what is malformed are answered with all, as RFC 9110 allows.
    :class:`Unsatisfiable` when nothing of it exists.
    """
    match = _RANGE.match(header.strip())
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if len(first) > _DIGITS or len(last) > _DIGITS:
        raise Unsatisfiable(header)
    if not first:
        count = min(int(last), size)
        start, end = size - count, size
    else:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= end:
        raise Unsatisfiable(header)
    return Span(start, end - start)


def chunk(header: str) -> Span | None:
    """The place of an upload's chunk from its Content-Range, ``first-last``; None if malformed."""
    match = _CHUNK.match(header.strip())
    if match is None or max(map(len, match.groups())) > _DIGITS:
        return None
    first, last = map(int, match.groups())
    return Span(first, last - first + 1) if last >= first else None


def uploaded(size: int) -> str:
    """The Range header of an upload that has *size* bytes."""
    return f"0-{max(size - 1, 0)}"
