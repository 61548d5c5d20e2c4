"""Which events a client asked for."""

from boxship.api.filters import Filters
from boxship.engine.events import Accept, Event

# Actions that carry a detail behind a colon; asking for the bare name means all of them.
_WITH_DETAIL = frozenset({"health_status", "exec_create", "exec_start"})
_OBJECTS = ("container", "daemon", "plugin", "volume", "network", "node", "service", "secret",
            "config")  # fmt: skip


def accept(filters: Filters) -> Accept:
    """The predicate for *filters*; unknown names are ignored, as dockerd does."""
    objects = [name for name in _OBJECTS if name in filters]

    def matches(event: Event) -> bool:
        return (
            filters.exact("type", event.type)
            and _action(filters, event.action)
            and filters.exact("scope", event.scope)
            and all(_object(filters, name, event) for name in objects)
            and _image(filters, event)
            and filters.match_pairs("label", event.attributes)
        )

    return matches


def _action(filters: Filters, action: str) -> bool:
    if _WITH_DETAIL.isdisjoint(filters.get("event")):
        return filters.exact("event", action)
    return filters.prefix("event", action)


def _object(filters: Filters, name: str, event: Event) -> bool:
    """By the start of an identifier or a name."""
    return filters.prefix(name, event.id) or filters.prefix(name, event.attributes.get("name", ""))


def _image(filters: Filters, event: Event) -> bool:
    name = event.attributes.get("name" if event.type == "image" else "image", "")
    return filters.any_of("image", (event.id, name, _untagged(event.id), _untagged(name)))


def _untagged(reference: str) -> str:
    """*reference* without its tag or digest; a colon before a slash is a port."""
    name = reference.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name
