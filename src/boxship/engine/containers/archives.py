"""Files in and out of containers: copy, export, changes, and the sizes of what was written."""

import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from boxship.base.errors import BoxshipError, Forbidden, Internal, InvalidParameter, NotFound
from boxship.engine.containers import events, files, held, states, userns, volume_sources
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


@contextlib.asynccontextmanager
async def view(engine: "Engine", reference: str) -> AsyncIterator[dict[str, Any]]:
    """How a worker that starts meanwhile sees the container: by its process while that runs, else
    by its layers. :class:`NotFound` for who is removed meanwhile, whatever fails because of it."""
    live = engine.containers.get(reference)
    with while_known(engine, live, reference):
        inside = await _inside(live)
        try:
            _require(engine, live, reference)
            states.check(live.container, "copy", reference)
            with contextlib.ExitStack() as stack:
                container = live.container
                yield {"inside": inside} if inside else await _outside(engine, container, stack)
        finally:
            held.close_all(inside.values())


@contextlib.contextmanager
def while_known(engine: "Engine", live: Live, reference: str) -> Iterator[None]:
    """What fails because the container is being removed is :class:`NotFound`: its files are deleted
    whoever looks at them."""
    try:
        yield
    except (OSError, Internal, InvalidParameter):
        _require(engine, live, reference)
        raise


def _require(engine: "Engine", live: Live, reference: str) -> None:
    if engine.containers.by_id(live.id) is None:
        raise NotFound(f"No such container: {reference}")


async def _inside(live: Live) -> dict[str, int]:
    """Root and namespaces of the process, by name; empty if there is none any more.

    The mount namespace keeps what is mounted when the process ends meanwhile.
    """
    while (shim := live.shim) is not None:
        process = await held.hold(shim)
        if process is None:
            await held.over(live, shim)
            continue
        found: dict[str, int] = {}
        with process:
            try:
                found["root"] = process.open("root", os.O_PATH | os.O_DIRECTORY)
                found["mnt"] = process.open("ns/mnt")
                found["user"] = process.open("ns/user")
                return found
            except OSError:
                held.close_all(found.values())
        await held.over(live, shim)
    return {}


async def _outside(
    engine: "Engine", container: Container, stack: contextlib.ExitStack
) -> dict[str, Any]:
    sources = await volume_sources.find(engine, container, stack)
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
    # One that is removed with its end may be between two runs.
    files.forget_volatile(engine, container)
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
    arguments = {"path": path, "container": reference}
    async with view(engine, reference) as seen:
        return await engine.workers.run("stat_path", arguments, **seen)


async def get(
    engine: "Engine", reference: str, path: str
) -> tuple[dict[str, Any], AsyncIterator[bytes]]:
    """``GET /containers/{id}/archive``: the object's description and the archive."""
    status = await stat_path(engine, reference, path)
    events.emit(engine, engine.containers.get(reference).container, "archive-path")
    return status, _archive(engine, reference, path)


async def _archive(engine: "Engine", reference: str, path: str) -> AsyncIterator[bytes]:
    arguments = {"path": path, "container": reference}
    async with (
        view(engine, reference) as seen,
        contextlib.aclosing(_stream(engine, "get_archive", arguments, seen)) as chunks,
    ):
        async for chunk in chunks:
            yield chunk


async def _stream(
    engine: "Engine",
    kind: str,
    arguments: dict[str, Any],
    seen: dict[str, Any],
    fds: Sequence[int] = (),
) -> AsyncGenerator[bytes]:
    """Yield what a worker of *kind* writes to a pipe that follows *fds*; raise its error last."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    task = engine.workers.start(kind, arguments, [*fds, writer], **seen)
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
    container = engine.containers.get(reference).container
    states.check(container, "copy", reference)
    _check_writable(container, arguments["path"])
    arguments = arguments | {"container": reference, "user": container.config.user}
    async with view(engine, reference) as seen:
        reader, writer = os.pipe2(os.O_CLOEXEC)
        try:
            task = engine.workers.start("put_archive", arguments, [reader], **seen)
        finally:
            os.close(reader)
        try:
            with contextlib.suppress(BrokenPipeError):
                await copy_into(writer, body)
            await task
        finally:
            task.cancel()
    events.emit(engine, container, "extract-to-dir")


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


async def export(engine: "Engine", reference: str) -> AsyncIterator[bytes]:
    """``GET /containers/{id}/export``: the merged root, without mounts."""
    live = engine.containers.get(reference)
    states.check(live.container, "export", reference)
    events.emit(engine, live.container, "export")
    with while_known(engine, live, reference):
        # It may run, and what writes to its directory must stay alone with it.
        seen = {"rootfs": files.rootfs(engine, live.container) | {"read_only": True}}
        async with contextlib.aclosing(_stream(engine, "export", {}, seen)) as chunks:
            async for chunk in chunks:
                yield chunk


async def changes(engine: "Engine", reference: str) -> AsyncIterator[bytes]:
    """Yield the JSON text of the answer to ``GET /containers/{id}/changes``."""
    live = engine.containers.get(reference)
    with while_known(engine, live, reference):
        rootfs = files.rootfs(engine, live.container)
        seen = {"rootfs": rootfs | {"upper": None, "work": None, "volatile": False}}
        arguments = {"exclude": PLACEHOLDERS}
        upper = os.open(rootfs["upper"], os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            chunks = _stream(engine, "changes", arguments, seen, [upper])
            async with contextlib.aclosing(chunks):
                async for chunk in chunks:
                    yield chunk
        finally:
            os.close(upper)


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
