"""Names that exist now. A daemon that does not answer has none: completion never starts one."""

from __future__ import annotations

from boxship.base.errors import BoxshipError
from boxship.cli.errors import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from boxship.cli.app import App

    Found = list[tuple[str, str]]

STATES = {
    "container": (),
    "running": ("running", "paused", "restarting"),
    "stopped": ("created", "exited", "dead"),
    "paused": ("paused",),
}


def names(app: App, kind: str) -> Found:
    """Name and a word about it, of everything of this *kind*."""
    source = _SOURCES.get(kind)
    try:
        return source(app, kind) if source else []
    except (BoxshipError, Failed, OSError, ValueError):
        return []


def _get(app: App, path: str, query: dict[str, Any]) -> Any:
    from boxship.cli.connect import chosen_target

    return chosen_target(app.options, app.settings).client().json("GET", path, query)


def _containers(app: App, kind: str) -> Found:
    from boxship.cli.filters import as_parameter

    states = STATES[kind]
    filters = as_parameter(f"status={state}" for state in states)
    items = _get(app, "/containers/json", {"all": True, "filters": filters}) or []
    return [
        (name.removeprefix("/"), f"{item['Image']}, {item['State']}")
        for item in items
        for name in item.get("Names") or []
        if "/" not in name[1:]
    ]


def _images(app: App, kind: str) -> Found:
    tags = [t for item in _get(app, "/images/json", {}) or [] for t in item.get("RepoTags") or []]
    named = [tag for tag in tags if not tag.startswith("<none>")]
    if kind == "repository":
        return _plain(tag.rpartition(":")[0] for tag in named)
    short = [tag.removesuffix(":latest") for tag in named if tag.endswith(":latest")]
    return _plain([*named, *short])


def _networks(app: App, kind: str) -> Found:
    return [(item["Name"], item["Driver"]) for item in _get(app, "/networks", {}) or []]


def _volumes(app: App, kind: str) -> Found:
    items = _get(app, "/volumes", {}).get("Volumes") or []
    return [(item["Name"], item["Driver"]) for item in items]


def _objects(app: App, kind: str) -> Found:
    kinds = ("container", "image", "network", "volume")
    return [found for each in kinds for found in names(app, each)]


def _contexts(app: App, kind: str) -> Found:
    from boxship.cli.contexts.default import DESCRIPTION
    from boxship.cli.contexts.selection import DEFAULT
    from boxship.cli.contexts.store import ContextStore

    store = ContextStore(app.settings.directory)
    return [(DEFAULT, DESCRIPTION)] + [(n, store.read(n).host) for n in store.names()]


def _plain(found: Iterable[str]) -> Found:
    return [(name, "") for name in sorted(set(found))]


_SOURCES: dict[str, Callable[[App, str], Found]] = {
    **dict.fromkeys(STATES, _containers),
    "image": _images,
    "repository": _images,
    "network": _networks,
    "volume": _volumes,
    "object": _objects,
    "context": _contexts,
}
