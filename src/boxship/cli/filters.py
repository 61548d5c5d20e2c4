"""``--filter NAME=VALUE`` as the Engine API's ``filters`` parameter."""

from __future__ import annotations

from boxship.client.jsontext import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def as_parameter(filters: Iterable[str]) -> str | None:
    """JSON of name to values; None, which sends nothing, where there are no filters."""
    found: dict[str, list[str]] = {}
    for text in filters:
        name, _, value = text.partition("=")
        found.setdefault(name, []).append(value)
    return dumps(found) if found else None
