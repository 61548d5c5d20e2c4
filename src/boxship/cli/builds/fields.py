"""Values of flags that are lists of ``name=value``: one row of comma-separated values."""

from __future__ import annotations

from boxship.base.errors import InvalidParameter


def split_fields(text: str) -> list[str]:
    """The fields of a row (RFC 4180): those in quotes may have commas, a quote is doubled."""
    found: list[str] = []
    at = 0
    while True:
        if text.startswith('"', at):
            field, at = _quoted(text, at + 1)
        else:
            end = text.find(",", at)
            end = len(text) if end < 0 else end
            field, at = text[at:end], end
        found.append(field)
        if at >= len(text):
            return found
        if text[at] != ",":
            raise InvalidParameter(f"parse error: extraneous or missing quote in field {text!r}")
        at += 1


def _quoted(text: str, at: int) -> tuple[str, int]:
    field = ""
    while True:
        end = text.find('"', at)
        if end < 0:
            raise InvalidParameter(f"parse error: extraneous or missing quote in field {text!r}")
        field += text[at:end]
        if not text.startswith('""', end):
            return field, end + 1
        field += '"'
        at = end + 2


def read_fields(text: str) -> dict[str, str]:
    """``name=value,…`` by name, in lower case. :class:`InvalidParameter`."""
    found = {}
    for field in split_fields(text):
        name, equals, value = field.partition("=")
        if not equals:
            raise InvalidParameter(f"invalid value {field}")
        found[name.strip().lower()] = value
    return found


def join_fields(words: list[str]) -> str:
    """*words* as one row."""
    return ",".join(_shown(word) for word in words)


def _shown(word: str) -> str:
    if any(mark in word for mark in ',"\n'):
        return '"' + word.replace('"', '""') + '"'
    return word
