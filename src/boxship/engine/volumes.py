"""The verbs of volumes: create, show, remove, prune, with the events that they cause."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boxship.base.errors import BoxshipError, Conflict, NotFound
from boxship.base.ids import new_id
from boxship.base.times import rfc3339
from boxship.engine.containers import userns
from boxship.engine.containers.validation.volume_names import check_volume
from boxship.volumes.options import check_options
from boxship.volumes.volume import ANONYMOUS, Volume

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


async def create(
    engine: "Engine",
    name: str = "",
    driver: str = "",
    labels: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
    promised: bool = False,
) -> Volume:
    """The volume *name*, made if there is none; a new anonymous one without a name.

    A *promised* one is not durable before its container is: see :meth:`Volumes.promise`.
    """
    check_volume(name, driver or "local")
    check_options(name, options)
    if not name:
        name = new_id()
        labels = {**(labels or {}), ANONYMOUS: ""}
    existing = engine.volumes.find(name)
    if existing is not None:
        return existing
    if promised:
        volume = engine.volumes.promise(name, labels, options)
    else:
        volume = await engine.volumes.create(name, labels, options)
    if engine.options.users is not None:
        userns.give(volume.mountpoint, engine.options.users.root)
    emit(engine, volume, "create")
    return volume


def emit(engine: "Engine", volume: Volume, action: str, **extra: str) -> None:
    engine.events.emit("volume", action, volume.name, {"driver": volume.driver, **extra})


def users(engine: "Engine", name: str) -> list[str]:
    """Ids of the containers that have the volume."""
    return [
        live.id
        for live in engine.containers
        if any(point.name == name for point in live.container.mounts)
    ]


def describe(volume: Volume) -> dict[str, Any]:
    return {
        "CreatedAt": rfc3339(volume.created // 10**9 * 10**9),
        "Driver": volume.driver,
        "Labels": _sorted(volume.labels),
        "Mountpoint": volume.mountpoint,
        "Name": volume.name,
        "Options": _sorted(volume.options) or None,
        "Scope": "local",
    }


def _sorted(pairs: dict[str, str] | None) -> dict[str, str] | None:
    return None if pairs is None else dict(sorted(pairs.items()))


async def remove(engine: "Engine", name: str, force: bool = False) -> None:
    """``DELETE /volumes/{name}``; *force* forgives a missing one, not one in use."""
    volume = engine.volumes.find(name)
    if volume is None:
        if force:
            return
        raise NotFound(f"get {name}: no such volume")
    using = users(engine, name)
    if using:
        raise Conflict(f"remove {name}: volume is in use - [{', '.join(using)}]")
    await engine.volumes.remove(volume)
    emit(engine, volume, "destroy")


async def size_of(engine: "Engine", volume: Volume) -> int:
    """Bytes in the volume."""
    try:
        directory = os.open(volume.mountpoint, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return int((await engine.workers.run("du", {}, [directory]))["size"])
    except (BoxshipError, OSError):
        return 0
    finally:
        os.close(directory)


async def disk_usage(engine: "Engine") -> list[dict[str, Any]]:
    """All volumes with ``UsageData``."""
    rows = []
    for volume in engine.volumes:
        usage = {"RefCount": len(users(engine, volume.name)), "Size": await size_of(engine, volume)}
        rows.append({**describe(volume), "UsageData": usage})
    return rows


async def prune(
    engine: "Engine", named_too: bool, labels: Mapping[str, list[str]]
) -> dict[str, Any]:
    """``POST /volumes/prune``: volumes that no container has, anonymous ones unless *named_too*."""
    deleted: list[str] = []
    space = 0
    for volume in engine.volumes:
        if users(engine, volume.name) or not (named_too or volume.anonymous):
            continue
        if engine.volumes.is_promised(volume.name) or not _matches(volume, labels):
            continue
        size = await size_of(engine, volume)
        try:
            await remove(engine, volume.name)
        except BoxshipError:
            continue
        deleted.append(volume.name)
        space += size
    engine.events.emit("volume", "prune", "", {"reclaimed": str(space)})
    return {"VolumesDeleted": deleted, "SpaceReclaimed": space}


def _matches(volume: Volume, labels: Mapping[str, list[str]]) -> bool:
    present = volume.labels or {}

    def has(wanted: str) -> bool:
        key, equals, value = wanted.partition("=")
        return key in present and (not equals or present[key] == value)

    return all(map(has, labels.get("label", ()))) and not any(map(has, labels.get("label!", ())))
