"""What builds keep on the disk, as lists of it tell, and filters over that. Pure.

Filters are BuildKit's: strings of ``key==value``, ``key!=value``, ``key~=pattern`` and plain
``key`` with commas between them. All of a string must hold; one string of several is enough.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from boxship.base.errors import InvalidParameter

STEP, MOUNT, CONTEXT = "regular", "exec.cachemount", "source.local"
_TERM = re.compile(r"([a-zA-Z][\w.]*)(?:(==|!=|~=)(.*))?\Z", re.DOTALL)
Holds = Callable[[Mapping[str, str | None]], bool]
_MOST = 512  # characters of a pattern
_MOST_FILTERS = 100
_PATTERN = re.compile(r"\^?[\w .:/@=-]*(?:\.\*[\w .:/@=-]*){0,8}\$?\Z")


@dataclass(frozen=True, slots=True)
class Usage:
    """*kind* is BuildKit's name; *size* in bytes; times in nanoseconds since 1970, 0 for unknown.
    What is *shared* is part of an image as well."""

    id: str
    kind: str
    size: int
    created: int
    used: int
    uses: int
    description: str
    in_use: bool = False
    shared: bool = False

    def fields(self) -> Mapping[str, str | None]:
        """What filters look at; None where a flag is not set."""
        flags = {
            "inuse": self.in_use,
            "shared": self.shared,
            "private": not self.shared,
            "mutable": self.kind == MOUNT,
            "immutable": self.kind != MOUNT,
        }
        texts = {"id": self.id, "type": self.kind, "description": self.description}
        return texts | {name: "" if is_set else None for name, is_set in flags.items()}


def chooser(filters: Sequence[str]) -> Callable[[Usage], bool]:
    """Whether one of *filters* holds; all do when there are none. :class:`InvalidParameter`."""
    holds = matcher(filters)
    return lambda usage: holds(usage.fields())


def matcher(filters: Sequence[str]) -> Holds:
    """As :func:`chooser`, of anything that has fields."""
    check_number(filters)
    groups = [[_term(text) for text in one.split(",") if text] for one in filters]
    groups = [group for group in groups if group]
    return lambda fields: (
        not groups or any(all(holds(fields) for holds in group) for group in groups)
    )


def check_number(filters: Sequence[str]) -> None:
    """:class:`InvalidParameter` for more than anybody would write."""
    if len(filters) > _MOST_FILTERS or sum(map(len, filters)) > _MOST * _MOST_FILTERS:
        raise InvalidParameter("too many filters")


def _term(text: str) -> Holds:
    found = _TERM.match(text.strip())
    if found is None:
        raise InvalidParameter(f"failed to parse filter {text!r}")
    key, operator, value = found[1], found[2], (found[3] or "").strip('"')
    if operator == "~=":
        return _matching(key, value)
    if operator == "==":
        return lambda fields: fields.get(key) == value
    if operator == "!=":
        return lambda fields: fields.get(key) != value
    return lambda fields: fields.get(key) is not None


def _matching(key: str, pattern: str) -> Holds:
    """Only what a user would write of an ID: text, dots and stars, with anchors."""
    if len(pattern) > _MOST or not _PATTERN.match(pattern):
        raise InvalidParameter(f"unsupported pattern in a filter: {pattern!r}")
    parts = [re.escape(part) for part in pattern.strip("^$").split(".*")]
    start, end = ("^" if pattern.startswith("^") else ""), ("$" if pattern.endswith("$") else "")
    compiled = re.compile(start + ".*".join(parts) + end)
    return lambda fields: compiled.search(fields.get(key) or "") is not None


def of_engine(filters: Mapping[str, Iterable[str]]) -> list[str]:
    """The filters of API operation BuildPrune in BuildKit's words. :class:`InvalidParameter` for
    several values of one."""
    terms = []
    for name, values in filters.items():
        given = [*values]
        if len(given) > 1:
            raise InvalidParameter("filters expect only one value")
        if given and given[0] and given[0] not in ("true", "1"):
            terms.append(f"{name}~={given[0]}" if name == "id" else f"{name}=={given[0]}")
        elif given:
            terms.append(name)
    return [",".join(terms)] if terms else []
