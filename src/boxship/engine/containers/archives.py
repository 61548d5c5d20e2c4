"""Files in and out of containers: copy, export, changes, and the sizes of what was written."""

import contextlib
import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from boxship.base.errors import BoxshipError, Forbidden, InvalidParameter, NotFound
from boxship.engine.containers import events, files, states, userns, volume_sources
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import Live
from boxship.runtime.pipes import copy_into, read_chunks

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

# What the runtime puts into a container's upper directory to mount on.
PLACEHOLDERS = [
    ".dockerenv",
    "dev",
    "dev/console",
    "dev/mqueue",
    "dev/pts",
    "dev/shm",
    "etc/hostname",
    "etc/hosts",
    "etc/mtab",
    "etc/resolv.conf",
    "proc",
    "sys",
]


async def view(engine: "Engine", live: Live) -> dict[str, Any]:
    """How a worker sees the container: by its process while it runs, else by its layers."""
    container = live.container
    if container.state.status in ("running", "paused"):
        return {"pid": container.state.pid}
    sources = await volume_sources.find(engine, container)
    mounts = [
        volume_sources.worker_row(engine, point, sources)
        for point in container.mounts
        if point.source
    ]
    own = {
        "/etc/hostname": container.hostname_path,
        "/etc/hosts": container.hosts_path,
        "/etc/resolv.conf": container.resolv_conf_path,
    }
    taken = {mount["target"] for mount in mounts}
    mounts += [
        {"source": source, "target": target, "read_only": False}
        for target, source in own.items()
        if target not in taken and os.path.exists(source)
    ]
    users = userns.mappings(engine, container)
    return {
        "rootfs": files.rootfs(engine, container),
        "mounts": mounts,
        "user_namespace": users.rows() if users else None,
    }


def _require_path(path: str) -> None:
    if not path:
        raise InvalidParameter("bad parameter: pathcannot be empty")


async def stat_path(engine: "Engine", reference: str, path: str) -> dict[str, Any]:
    """``HEAD /containers/{id}/archive``: name, size, mode, mtime, linkTarget."""
    _require_path(path)
    live = engine.containers.get(reference)
    states.check(live.container, "copy", reference)
    arguments = {"path": path, "container": reference}
    return await engine.workers.run("stat_path", arguments, **await view(engine, live))


async def get(
    engine: "Engine", reference: str, path: str
) -> tuple[dict[str, Any], AsyncIterator[bytes]]:
    """``GET /containers/{id}/archive``: the object's description and the archive."""
    status = await stat_path(engine, reference, path)
    live = engine.containers.get(reference)
    arguments = {"path": path, "container": reference}
    events.emit(engine, live.container, "archive-path")
    return status, _stream(engine, "get_archive", arguments, await view(engine, live))


async def _stream(
    engine: "Engine", kind: str, arguments: dict[str, Any], seen: dict[str, Any]
) -> AsyncIterator[bytes]:
    """What the worker writes; its failure is raised at the end."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    task = engine.workers.start(kind, arguments, [writer], **seen)
    os.close(writer)
    try:
        async for chunk in read_chunks(reader):
            yield chunk
        await task
    finally:
        task.cancel()


async def put(
    engine: "Engine", reference: str, body: AsyncIterator[bytes], arguments: dict[str, Any]
) -> None:
    """``PUT /containers/{id}/archive``: extract *body* at ``arguments["path"]``."""
    _require_path(arguments["path"])
    live = engine.containers.get(reference)
    states.check(live.container, "copy", reference)
    _check_writable(live.container, arguments["path"])
    arguments = arguments | {"container": reference, "user": live.container.config.user}
    reader, writer = os.pipe2(os.O_CLOEXEC)
    task = engine.workers.start("put_archive", arguments, [reader], **await view(engine, live))
    os.close(reader)
    try:
        with contextlib.suppress(BrokenPipeError):
            await copy_into(writer, body)
        await task
    finally:
        task.cancel()
    events.emit(engine, live.container, "extract-to-dir")


def _check_writable(container: Container, path: str) -> None:
    """A mount decides by itself; elsewhere a read-only root refuses."""
    target = "/" + path.strip("/")
    covering = [
        point
        for point in container.mounts
        if target == point.destination or target.startswith(point.destination.rstrip("/") + "/")
    ]
    if covering:
        deepest = max(covering, key=lambda point: len(point.destination))
        if not deepest.rw:
            raise Forbidden("mounted volume is marked read-only")
    elif container.host_config.readonly_rootfs:
        raise Forbidden("container rootfs is marked read-only")


def export(engine: "Engine", reference: str) -> AsyncIterator[bytes]:
    """``GET /containers/{id}/export``: the merged root, without mounts."""
    live = engine.containers.get(reference)
    states.check(live.container, "export", reference)
    events.emit(engine, live.container, "export")
    return _stream(engine, "export", {}, {"rootfs": files.rootfs(engine, live.container)})


async def changes(engine: "Engine", reference: str) -> list[dict[str, Any]]:
    """``GET /containers/{id}/changes``."""
    live = engine.containers.get(reference)
    rootfs = files.rootfs(engine, live.container)
    lower = rootfs | {"upper": None, "work": None, "volatile": False}
    upper = os.open(rootfs["upper"], os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    arguments = {"exclude": PLACEHOLDERS}
    try:
        answer = await engine.workers.run("changes", arguments, [upper], rootfs=lower)
    finally:
        os.close(upper)
    return list(answer["changes"])


async def written(engine: "Engine", live: Live) -> int:
    """Bytes in the container's own directory (``SizeRw``)."""
    try:
        upper = os.open(
            files.rootfs(engine, live.container)["upper"],
            os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC,
        )
    except FileNotFoundError:
        return 0
    try:
        answer = await engine.workers.run("du", {}, [upper])
        return int(answer.get("size", 0))
    except (BoxshipError, OSError):
        return 0
    finally:
        os.close(upper)


def root_size(engine: "Engine", container: Container) -> int:
    """Bytes of the image's layers."""
    try:
        return int(engine.images.resolve(container.image_id).size)
    except NotFound:
        return 0
