"""``.dockerignore``: which paths of a context stay out of it.

Patterns are Go's filepath.Match with ``**``; the last one that matches a path or one of the
directories above it decides, and ``!`` turns it round.
"""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

from boxship.base.errors import InvalidParameter

# Each is tried for each path.
_MOST_PATTERNS = 10_000
_SPECIAL = frozenset("*?[]\\")


@dataclass(frozen=True, slots=True)
class Pattern:
    """*cleaned* is the path as written, relative and without the ``!``."""

    cleaned: str
    negated: bool
    expression: "re.Pattern[str]"


def read_patterns(text: str) -> list[str]:
    """The patterns of an ignore file: no comments, no blanks around, paths cleaned."""
    found = []
    for number, line in enumerate(text.split("\n")):
        line = line.removeprefix("\ufeff") if not number else line
        if line.startswith("#"):
            continue
        line = line.strip()
        if not line:
            continue
        mark = "!" if line.startswith("!") else ""
        path = line[len(mark) :].strip()
        if path:
            path = posixpath.normpath(path)
            if len(path) > 1 and path.startswith("/"):
                path = path.lstrip("/")
        found.append(mark + path)
    return found


def compile_patterns(patterns: Iterable[str]) -> list[Pattern]:
    """:class:`InvalidParameter` in dockerd's words for a pattern that cannot be understood."""
    found: list[Pattern] = []
    for text in patterns:
        if len(found) >= _MOST_PATTERNS:
            raise InvalidParameter(f"more than {_MOST_PATTERNS} exclusion patterns")
        text = text.strip()
        if not text:
            continue
        negated = text.startswith("!")
        path = text[1:] if negated else text
        if not path:
            raise InvalidParameter('illegal exclusion pattern: "!"')
        path = posixpath.normpath(path)
        found.append(Pattern(path, negated, re.compile(translate(path), re.DOTALL)))
    return found


def translate(pattern: str) -> str:
    """*pattern* as a regular expression that matches whole paths.

    It takes no choice back that cannot matter: patterns with many stars would keep whoever
    matches them busy without end. :class:`InvalidParameter` for a pattern that is none.
    """
    ending = pattern.removeprefix("**")
    if ending and ending != pattern and not _SPECIAL & set(ending) and ending[0] != "/":
        # ``**.log`` is whatever ends so, not only a file with that name.
        return rf"\A.*{re.escape(ending)}\Z"
    segments, has_open_end = _segments(pattern)
    # What is left of each ``**`` begins where it may; a segment stands for what follows it.
    variants = [[("", segments[0])]]
    before = segments[0]
    for segment in segments[1:]:
        if before in ([], [""]) or before[-1].endswith("/"):
            variants = [[*variant, (_ANY_DIRECTORY, segment)] for variant in variants]
        else:
            # ``a**b`` is ``ab``, or an ``a`` with a ``b`` that begins a name further down.
            variants = [
                either
                for variant in variants
                for either in (_merged(variant, segment), [*variant, (_DEEPER, segment)])
            ]
        if len(variants) > _MOST_VARIANTS:
            raise InvalidParameter(f"error parsing pattern {pattern!r}: too many **")
        before = segment
    found = "|".join(_expression(variant, has_open_end) for variant in variants)
    return rf"\A(?:{found})\Z"


_ANY_DIRECTORY, _DEEPER = "(?:.*?/)??", ".*?/"
_MOST_VARIANTS = 16
_Variant = list[tuple[str, list[str]]]


def _merged(variant: _Variant, segment: list[str]) -> _Variant:
    lead, last = variant[-1]
    return [*variant[:-1], (lead, [*last[:-1], last[-1] + segment[0], *segment[1:]])]


def _expression(variant: _Variant, has_open_end: bool) -> str:
    out = []
    for number, (lead, pieces) in enumerate(variant):
        first, *more = pieces
        # The first place of a piece leaves most to the next: it may stay there.
        fixed = [first, *(f"(?>[^/]*?{piece})" for piece in more)]
        if has_open_end or number < len(variant) - 1:
            out.append(f"(?>{lead}{''.join(fixed)})")
        else:
            if more:
                fixed[-1] = f"[^/]*{more[-1]}"
            out.append(lead + "".join(fixed))
    return "".join(out) + (".*" if has_open_end else "")


def _segments(pattern: str) -> tuple[list[list[str]], bool]:
    """What is between the ``**``, each as expressions of what is between its stars; and whether
    the pattern ends with a ``**``."""
    segments: list[list[str]] = [[""]]
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**", at):
            at += 2
            if pattern.startswith("/", at):
                at += 1
            if at >= len(pattern):
                return segments, True
            if segments[-1] != [""] or len(segments) == 1:
                segments.append([""])
            continue
        at += 1
        if char == "*":
            segments[-1].append("")
            continue
        if char == "?":
            piece = "[^/]"
        elif char == "[":
            piece, at = _set(pattern, at)
        elif char == "\\":
            if at >= len(pattern):
                raise InvalidParameter(f"error parsing pattern {pattern!r}: syntax error")
            piece = re.escape(pattern[at])
            at += 1
        else:
            piece = re.escape(char)
        segments[-1][-1] += piece
    return segments, False


def _set(pattern: str, at: int) -> tuple[str, int]:
    """The character class that begins before *at*, and where it ends."""
    bad = InvalidParameter(f"error parsing pattern {pattern!r}: syntax error in pattern")
    negated = pattern[at : at + 1] == "^"
    at += negated
    items: list[str] = []
    while True:
        if at >= len(pattern):
            raise bad
        if pattern[at] == "]" and items:
            break
        low, at = _member(pattern, at, bad)
        high = low
        if pattern[at : at + 1] == "-":
            high, at = _member(pattern, at + 1, bad)
        if low > high:
            raise bad
        items.append(f"{re.escape(low)}-{re.escape(high)}")
    return f"(?:(?!/)[{'^' if negated else ''}{''.join(items)}])", at + 1


def _member(pattern: str, at: int, bad: InvalidParameter) -> tuple[str, int]:
    if at >= len(pattern) or pattern[at] in "-]":
        raise bad
    if pattern[at] == "\\":
        at += 1
        if at >= len(pattern):
            raise bad
    return pattern[at], at + 1


class Ignored:
    """Answers whether a path is left out. The context's root never is."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = compile_patterns(patterns)

    def __bool__(self) -> bool:
        return bool(self.patterns)

    def matches(self, path: str) -> bool:
        """*path* is clean and relative."""
        above = [path]
        while "/" in above[-1]:
            above.append(above[-1].rpartition("/")[0])
        matched = False
        for pattern in self.patterns:
            if pattern.negated != matched:
                continue
            if any(pattern.expression.match(each) for each in above):
                matched = not pattern.negated
        return matched
