"""Volumes of a container: found or made at its creation, filled, and removed with it."""

import contextlib
import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import msgspec

from boxship.base.errors import BoxshipError, InvalidParameter, NotFound
from boxship.engine import volumes
from boxship.engine.containers import files, userns, volume_sources
from boxship.engine.containers.container import Container, MountPoint
from boxship.engine.containers.mount_points import image_volumes
from boxship.engine.containers.validate import Prepared
from boxship.engine.containers.validation.mount_modes import is_read_only
from boxship.engine.containers.validation.names import parse_volumes_from
from boxship.volumes.backing import backing_of
from boxship.volumes.volume import Volume

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def collect(engine: "Engine", done: Prepared, read_only_below: bool) -> list[MountPoint]:
    """The mounts of other containers, then the container's own over them, then ``Volumes``.

    Without *read_only_below* the container's own binds are read-only at their top alone.
    """
    if not read_only_below:
        for point in done.mounts:
            if point.type == "bind":
                point.options = {**point.options, "read_only_non_recursive": True}
    points: dict[str, MountPoint] = {}
    for text in done.host_config.volumes_from or ():
        name, mode = parse_volumes_from(text)
        for point in engine.containers.get(name).container.mounts:
            points[point.destination] = _inherited(point, mode)
    points |= {point.destination: point for point in done.mounts}
    own = image_volumes(done.config, done.host_config, set(points))
    return [*points.values(), *own]


def _inherited(point: MountPoint, mode: str) -> MountPoint:
    """A mount point of another container; an anonymous volume goes with its last container."""
    return msgspec.structs.replace(point, rw=point.rw and not is_read_only(mode), mode="")


@contextlib.asynccontextmanager
async def held(engine: "Engine", container: Container) -> AsyncIterator[None]:
    """While this lasts, no other creation begins to use the volumes of *container* that are empty:
    one that is filled gets another directory."""
    names = {point.name for point in container.mounts if point.type == "volume" and point.name}
    async with contextlib.AsyncExitStack() as stack:
        for name in sorted(names):
            volume = engine.volumes.find(name)
            if volume is None or _is_empty(volume.mountpoint):
                await stack.enter_async_context(engine.volumes.lock(name))
        yield


async def provide(engine: "Engine", container: Container) -> list[Volume]:
    """Find or make the volumes that *container* asks for, and fill empty ones from its image.

    Returns the promised ones, which nobody else has: they become durable with the container.
    """
    promised = []
    for point in container.mounts:
        if point.type == "image":
            image = engine.images.resolve(point.source)
            point.options = {**point.options, "image": image.id}
        if point.type != "volume" or point.source:
            continue
        anonymous = not point.name
        labels, options = point.options.get("labels"), point.options.get("driver_opts")
        volume = await volumes.create(
            engine, point.name, point.driver, labels, options, promised=anonymous
        )
        point.name, point.source = volume.name, volume.mountpoint
        if anonymous:
            point.options = {**point.options, "anonymous": True}
            promised.append(volume)
        if not (point.options.get("no_copy") or point.options.get("subpath")):
            await _fill(engine, container, point)
    return promised


def check_sources(container: Container) -> None:
    """:class:`InvalidParameter` for a bind whose source is missing and is not to be made."""
    for point in container.mounts:
        made = point.options.get("short_syntax") or point.options.get("create_source")
        if point.type == "bind" and not made and not os.path.lexists(point.source):
            raise InvalidParameter(
                'invalid mount config for type "bind": '
                f"bind source path does not exist: {point.source}"
            )


def make_sources(engine: "Engine", container: Container) -> None:
    """Host directories of binds in the short syntax are made at the start, where they miss.

    :class:`InvalidParameter` for those that cannot be made, and for missing ones of ``--mount``.
    """
    check_sources(container)
    for point in container.mounts:
        if point.type != "bind" or os.path.exists(point.source):
            continue
        try:
            _make_directories(point.source, userns.root(engine, container))
        except OSError as error:
            reason = str(error.strerror).lower()
            raise InvalidParameter(
                f"error while creating mount source path '{point.source}': "
                f"mkdir {error.filename}: {reason}"
            ) from None


def _make_directories(path: str, owner: tuple[int, int]) -> None:
    """*path* and the parents that it lacks, all of which belong to *owner*."""
    if os.path.isdir(path):
        return
    _make_directories(os.path.dirname(path), owner)
    os.mkdir(path)
    userns.give(path, owner)


async def _fill(engine: "Engine", container: Container, point: MountPoint) -> None:
    """What the image has at the mount's place goes into the volume, if that is empty."""
    volume = engine.volumes.get(point.name)
    backing = backing_of(volume)
    if not container.image_id or (backing and backing.keeps_nothing):
        return
    rootfs = files.rootfs(engine, container) | {"upper": None, "work": None, "volatile": False}
    arguments: dict[str, Any] = {"path": point.destination}
    mappings = userns.mappings(engine, container)
    users = mappings.rows() if mappings else None
    if backing and not backing.is_bind:
        try:
            # Servers are asked for nothing that the image has nothing for.
            await engine.workers.run("stat_path", arguments, rootfs=rootfs)
        except NotFound:
            return
        with contextlib.ExitStack() as stack:
            sources = await volume_sources.find(engine, container, stack)
            arguments["filesystem"] = sources[point.destination]["filesystem"]
            await engine.workers.run("copy_up", arguments, rootfs=rootfs, user_namespace=users)
        return
    path = backing.device if backing else point.source
    if not _is_empty(path):
        return
    apart = backing is None and not volumes.users(engine, point.name)
    directory = engine.volumes.begin_filling(volume) if apart else os.open(path, _DIRECTORY)
    complete = False
    try:
        await engine.workers.run(
            "copy_up", arguments, [directory], rootfs=rootfs, user_namespace=users
        )
        complete = True
    finally:
        os.close(directory)
        if apart:
            engine.volumes.end_filling(volume, complete)


def _is_empty(path: str) -> bool:
    """Whether *path* is a directory, and empty."""
    try:
        with os.scandir(path) as entries:
            return not any(entries)
    except OSError:
        return False


async def release(engine: "Engine", container: Container, anonymous_too: bool) -> None:
    """After the container's removal: remove the volumes that it had without a name."""
    if not anonymous_too:
        return
    for point in container.mounts:
        if point.options.get("anonymous"):
            # Another container may have it through --volumes-from.
            with contextlib.suppress(BoxshipError):
                await volumes.remove(engine, point.name)


def emit(engine: "Engine", container: Container, action: str) -> None:
    """``mount`` at the start, ``unmount`` at the end, for each volume."""
    for point in container.mounts:
        volume = engine.volumes.find(point.name) if point.type == "volume" else None
        if volume is None:
            continue
        extra = {"container": container.id}
        if action == "mount":
            extra["destination"] = point.destination
            extra["propagation"] = point.propagation
            extra["read/write"] = str(point.rw).lower()
        volumes.emit(engine, volume, action, **extra)
