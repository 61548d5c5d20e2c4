"""What stands behind a container's mounts when they are needed: directories, file systems, images.

A file system of a volume is mounted by the containers that use it, in their own namespaces: the
first makes the mount, others copy it from one that runs. It ends with the last of them.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from boxship.engine.containers import held as processes
from boxship.engine.containers.container import Container, MountPoint
from boxship.engine.containers.files import image_rootfs
from boxship.runtime import mount_options
from boxship.runtime.spec.facts import UserMount
from boxship.volumes.backing import Backing, backing_of, with_address

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

#: By destination: the fields of a mount that replace its plain source.
Sources = dict[str, dict[str, Any]]


@contextlib.asynccontextmanager
async def held(engine: "Engine", container: Container) -> AsyncIterator[None]:
    """While this lasts no other start decides who mounts the volumes of *container*."""
    async with contextlib.AsyncExitStack() as stack:
        for name in sorted({name for name, _ in _backed(engine, container).values()}):
            await stack.enter_async_context(engine.volumes.lock(name))
        yield


async def find(engine: "Engine", container: Container, stack: contextlib.ExitStack) -> Sources:
    """What is behind the volumes of *container*, to be used while *stack* is open.

    :class:`InvalidParameter` for servers of network file systems that nobody knows.
    """
    found: Sources = {}
    for destination, (name, backing) in _backed(engine, container).items():
        resolved = await asyncio.to_thread(with_address, backing)
        users = [] if resolved.is_bind else await _users(engine, name, stack)
        found[destination] = _behind(resolved, users)
    return found


def _backed(engine: "Engine", container: Container) -> dict[str, tuple[str, Backing]]:
    """Volume and backing by destination."""
    found = {}
    for point in container.mounts:
        volume = engine.volumes.find(point.name) if point.type == "volume" else None
        backing = backing_of(volume) if volume else None
        if backing is not None:
            found[point.destination] = (point.name, backing)
    return found


async def _users(engine: "Engine", name: str, stack: contextlib.ExitStack) -> list[tuple[str, str]]:
    """Running containers that have the volume, by directories of theirs in /proc, and where they
    have it."""
    found = []
    for live in engine.containers:
        places = [
            point.destination
            for point in live.container.mounts
            if point.name == name and not point.options.get("subpath")
        ]
        process = await processes.hold(live.shim) if places else None
        if process is not None:
            directory = stack.enter_context(process).path
            found += [(directory, place) for place in places]
    return found


def _behind(backing: Backing, users: list[tuple[str, str]]) -> dict[str, Any]:
    parsed = mount_options.parse(list(backing.words))
    if backing.is_bind:
        return {"source": backing.device, "words": backing.words, "failure": backing.failure}
    options = [*parsed.data, *([["ro", ""]] if "ro" in backing.words else [])]
    filesystem = {
        "type": backing.type,
        "device": backing.device,
        "options": options,
        "attributes": parsed.attributes,
        "users": users,
        "failure": backing.failure,
    }
    return {"filesystem": filesystem}


def worker_row(engine: "Engine", point: MountPoint, sources: Sources) -> dict[str, Any]:
    """*point* for a worker that looks into a container that does not run."""
    behind = sources.get(point.destination, {})
    row: dict[str, Any] = {
        "source": behind.get("source", point.source),
        "target": point.destination,
        "read_only": not point.rw,
        "subpath": point.options.get("subpath", ""),
    }
    if point.type == "image":
        row["image"] = image_rootfs(engine, point.options["image"])
    return row | {key: behind[key] for key in ("filesystem",) if key in behind}


def user_mount(point: MountPoint, sources: Sources, images: list[str]) -> UserMount:
    """*point* for the runtime; the image of an image mount is appended to *images*."""
    options = point.options
    behind = dict(sources.get(point.destination, {}))
    source, words = behind.pop("source", point.source), behind.pop("words", ())
    if point.type == "image":
        behind = {"image": len(images)}
        images.append(options["image"])
    if options.get("subpath"):
        behind |= {"subpath": options["subpath"], "base": point.source}
    return UserMount(
        "bind",
        point.destination,
        source,
        read_only=not point.rw,
        propagation=point.propagation,
        recursive=not options.get("non_recursive"),
        read_only_recursive=not options.get("read_only_non_recursive"),
        options=[word for word in words if word not in ("bind", "rbind")],
        behind=behind,
    )
