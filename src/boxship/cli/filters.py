"""``--filter NAME=VALUE`` as the Engine API's ``filters`` parameter."""

from __future__ import annotations

from boxship.client.jsontext import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def as_parameter(filters: Iterable[str]) -> str | None:
    """JSON of name to values; None, which sends nothing, where there are no filters."""
    found: dict[str, list[str]] = {}
    for text in filters:
        name, _, value = text.partition("=")
        found.setdefault(name, []).append(value)
    # In the order of Go's encoder, which the daemon's errors repeat.
    ordered = {name: sorted(set(found[name])) for name in sorted(found)}
    return dumps(ordered) if found else None


# A label that is asked for on the command line overrides its contrary in the settings.
_CONTRARY = {"label": "label!", "label!": "label"}


def pruned(app: App, arguments: Arguments) -> list[str]:
    """The filters of a command that prunes: ``--filter``, and ``pruneFilters`` of the settings."""
    given = arguments.texts("filter")
    found = list(given)
    for text in app.settings.texts("pruneFilters"):
        name, _, value = text.partition("=")
        if value and f"{_CONTRARY.get(name)}={value}" not in given:
            found.append(text)
    return found
