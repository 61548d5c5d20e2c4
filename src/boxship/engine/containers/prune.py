"""Removing all containers that do not run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boxship.base.errors import BoxshipError
from boxship.engine.containers import archives, removal
from boxship.engine.containers.store import Live

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


def _matches(live: Live, until: int, filters: Mapping[str, list[str]]) -> bool:
    container = live.container
    if container.state.running or container.state.status == "removing":
        return False
    if until and container.created > until:
        return False
    labels = container.config.labels or {}
    wanted, unwanted = filters.get("label", ()), filters.get("label!", ())
    return all(_has(labels, each) for each in wanted) and not any(
        _has(labels, each) for each in unwanted
    )


def _has(labels: Mapping[str, str], wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


async def prune(engine: "Engine", until: int, filters: Mapping[str, list[str]]) -> dict[str, Any]:
    """``POST /containers/prune``: ids and bytes of what was removed. *until* in nanoseconds."""
    deleted: list[str] = []
    space = 0
    for live in engine.containers:
        if not _matches(live, until, filters):
            continue
        size = await archives.written(engine, live)
        try:
            await removal.remove(engine, live.id)
        except BoxshipError:
            continue
        deleted.append(live.id)
        space += size
    engine.events.emit("container", "prune", "", {"reclaimed": str(space)})
    return {"ContainersDeleted": deleted or None, "SpaceReclaimed": space}
