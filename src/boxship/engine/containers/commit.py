"""A container's changes as an image."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from boxship.base.errors import InvalidParameter
from boxship.base.times import now_ns
from boxship.engine.containers import archives, events, files, states
from boxship.engine.containers.container import Container
from boxship.engine.containers.image_config import merge_image_config
from boxship.engine.containers.pause import GONE
from boxship.engine.containers.store import Live
from boxship.images import config_changes
from boxship.images.creation import Origin
from boxship.images.layers import StagedLayer
from boxship.types.container_config import ContainerConfig

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


class CommitOptions(msgspec.Struct, kw_only=True):
    """*pause* freezes a running container meanwhile; *changes* are Dockerfile instructions."""

    repository: str = ""
    tag: str = ""
    comment: str = ""
    author: str = ""
    changes: list[str] = []
    pause: bool = True


async def commit(
    engine: "Engine", reference: str, config: ContainerConfig | None, options: CommitOptions
) -> str:
    """``POST /commit``: the new image's id."""
    if not reference:
        raise InvalidParameter('invalid name or ID supplied: ""')
    live = engine.containers.get(reference)
    states.check(live.container, "commit", reference)
    with archives.while_known(engine, live, reference):
        async with _frozen(engine, live) if options.pause else contextlib.nullcontext():
            return await _commit(engine, live, config, options)


@contextlib.asynccontextmanager
async def _frozen(engine: "Engine", live: Live) -> AsyncIterator[None]:
    """The container is frozen meanwhile, if it runs; it may end before it is."""
    if live.container.state.status != "running":
        yield
        return
    path = engine.cgroups.path_of(live.container.host_config.cgroup_parent, live.id)
    with _while_it_is_there():
        await asyncio.to_thread(engine.cgroups.freeze, path)
        events.emit(engine, live.container, "pause")
    try:
        yield
    finally:
        with _while_it_is_there():
            engine.cgroups.thaw(path)
            events.emit(engine, live.container, "unpause")


@contextlib.contextmanager
def _while_it_is_there() -> Iterator[None]:
    """Once the container has ended there is no group, and no need of one."""
    try:
        yield
    except OSError as error:
        if error.errno not in GONE:
            raise


async def _commit(
    engine: "Engine", live: Live, config: ContainerConfig | None, options: CommitOptions
) -> str:
    container = live.container
    merged = _config(container, config, options.changes)
    with engine.images.staging() as directory:
        layer = await write_layer(engine, files.rootfs(engine, container), directory)
        image_id = await engine.images.commit(
            container.image_id,
            (directory, layer.diff_id),
            msgspec.to_builtins(merged),
            Origin(
                now_ns(),
                options.comment,
                options.author,
                created_by=" ".join([container.path, *container.args]),
                container=container.id,
            ),
            repo=options.repository,
            tag=options.tag,
        )
    reference = f"{options.repository}:{options.tag or 'latest'}" if options.repository else ""
    events.emit(
        engine, container, "commit", comment=options.comment, imageID=image_id, imageRef=reference
    )
    return image_id


def _config(
    container: Container, config: ContainerConfig | None, changes: list[str]
) -> ContainerConfig:
    """The changes go onto what the client sent, if anything; the container fills in the rest."""
    base = container.config if config is None else config
    changed = config_changes.apply(dict(msgspec.to_builtins(base)), changes)
    merged = msgspec.convert(changed, ContainerConfig)
    if config is None:
        return merged
    return merge_image_config(merged, dict(msgspec.to_builtins(container.config)))


async def write_layer(
    engine: "Engine", rootfs: dict[str, Any], directory: Path, exclude: Sequence[str] = ()
) -> StagedLayer:
    """The upper directory of a container's *rootfs* spec as ``layer.tar`` and ``index`` in
    *directory*.

    *exclude*: what the runtime made to mount on, besides the usual.
    """
    lower = rootfs | {"upper": None, "work": None, "volatile": False}
    with contextlib.ExitStack() as stack:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        fds = [
            os.open(rootfs["upper"], os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC),
            os.open(directory / "layer.tar", flags, 0o600),
            os.open(directory / "index", flags, 0o600),
        ]
        for fd in fds:
            stack.callback(os.close, fd)
        arguments = {"exclude": [*archives.PLACEHOLDERS, *exclude]}
        made = await engine.workers.run("diff", arguments, fds, rootfs=lower)
    return StagedLayer(
        made["digest"], directory, made["content"], made["size"], made["index_digest"]
    )
