"""Shell patterns as Go's ``path.Match`` reads them: ``*`` and ``?`` stop at slashes."""

import re
from functools import lru_cache

from boxship.base.errors import InvalidParameter
from boxship.images.reference import Reference

_LONGEST = 4096  # characters; a reference has a tenth of that


def matches(pattern: str, reference: Reference) -> bool:
    """Whether *pattern* covers the familiar name, with or without its tag or digest."""
    compiled = compile_pattern(pattern)
    return any(compiled.match(text) for text in (reference.familiar, reference.familiar_name))


@lru_cache(maxsize=64)
def compile_pattern(pattern: str) -> "re.Pattern[str]":
    """Raise :class:`InvalidParameter` when *pattern* is malformed or absurdly long.

    As in Go, each piece between stars stays at the first place where it matches: a matcher that
    tried all places of all pieces would take time without bound.
    """
    if len(pattern) > _LONGEST:
        raise InvalidParameter(f"pattern of more than {_LONGEST} characters")
    first, *rest = _pieces(pattern)
    if rest:
        *middle, last = rest
        first += "".join(f"(?>[^/]*?{piece})" for piece in middle) + f"[^/]*{last}"
    return re.compile(first + r"\Z", re.DOTALL)


def _pieces(pattern: str) -> list[str]:
    """Return what is between the stars of *pattern*, as regular expressions."""
    pieces = [""]
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            # A run of stars means one star.
            if len(pieces) == 1 or pieces[-1]:
                pieces.append("")
            continue
        if char == "?":
            text = "[^/]"
        elif char == "[":
            text, at = _class(pattern, at)
        else:
            literal, at = _literal(pattern, at - 1)
            text = re.escape(literal)
        pieces[-1] += text
    return pieces


def _literal(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at : at + 1] == "\\":
        at += 1
    if at >= len(pattern):
        raise InvalidParameter("syntax error in pattern")
    return pattern[at], at + 1


def _class(pattern: str, at: int) -> tuple[str, int]:
    """The character class whose ``[`` is behind, as a regular expression."""
    negated = pattern[at : at + 1] == "^"
    at += negated
    ranges: list[str] = []
    while not ranges or pattern[at : at + 1] != "]":
        if pattern[at : at + 1] in ("", "]", "-"):
            raise InvalidParameter("syntax error in pattern")
        low, at = _literal(pattern, at)
        high = low
        if pattern[at : at + 1] == "-":
            if pattern[at + 1 : at + 2] in ("", "]", "-"):
                raise InvalidParameter("syntax error in pattern")
            high, at = _literal(pattern, at + 1)
        # Go lets an empty range match nothing; so does a class that excludes everything.
        ranges.append(f"{re.escape(low)}-{re.escape(high)}" if low <= high else "")
    inside = "".join(ranges)
    if not inside:
        return (r"[^/]" if negated else r"(?!)"), at + 1
    return f"[{'^/' if negated else ''}{inside}]", at + 1
