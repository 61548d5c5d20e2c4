"""What becomes of a build's result: an image here, or files at the client."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError
from boxship.builder.buildkit.control import Exporter
from boxship.builder.buildkit.vertexes import Step
from boxship.builder.context import EMPTY
from boxship.engine.buildkit import transfer, tree_sender
from boxship.engine.buildkit.sessions import Session
from boxship.images import reference as references
from boxship.images.record import ImageRecord
from boxship.wire.grpc.status import Code, GrpcError

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_PIECE = 1 << 20
_TITLES = {
    "moby": "exporting to image",
    "image": "exporting to image",
    "local": "exporting to client directory",
    "tar": "exporting to client tarball",
    "oci": "exporting to oci image format",
    "docker": "exporting to docker image format",
}


async def export(
    engine: "Engine",
    wanted: Exporter,
    image: ImageRecord,
    session: Session,
    begin: Callable[[str], Step],
    directory: Path,
) -> dict[str, str]:
    """What the client is told of the result. GrpcError."""
    title = _TITLES.get(wanted.type)
    if title is None:
        raise GrpcError(Code.UNKNOWN, f"exporter {wanted.type} could not be found")
    step = begin(title)
    try:
        if wanted.type in ("moby", "image"):
            return await _store(engine, wanted.attrs, image, session, step)
        if wanted.type in ("oci", "docker"):
            return await _archive(engine, wanted.attrs, image, session, step)
        await _files(engine, wanted, image, session, step, directory)
        return {}
    except BoxshipError as error:
        step.end(str(error))
        raise GrpcError(Code.UNKNOWN, str(error)) from None
    except GrpcError as error:
        step.end(str(error))
        raise
    finally:
        step.end()


async def _store(
    engine: "Engine", attrs: Mapping[str, str], image: ImageRecord, session: Session, step: Step
) -> dict[str, str]:
    if attrs.get("push-by-digest") in ("true", "1"):
        raise GrpcError(Code.UNKNOWN, "push-by-digest is not supported")
    names = [references.parse(name) for name in attrs.get("name", "").split(",") if name]
    step.status(f"writing image {image.id}", done=True)
    for name in names:
        await engine.images.tag(image.id, name.repository, name.tag or references.DEFAULT_TAG)
        step.status(f"naming to {name.with_default_tag()}", done=True)
    if attrs.get("push") in ("true", "1"):
        for name in names:
            await _push(engine, name, session, step)
    told = {"containerimage.digest": image.id, "containerimage.config.digest": image.id}
    if names:
        told["image.name"] = ",".join(str(name.with_default_tag()) for name in names)
    return told


async def _push(engine: "Engine", name: references.Reference, session: Session, step: Step) -> None:
    what = f"pushing {name.with_default_tag()}"
    step.status(what)
    credentials = await session.credentials(name.domain)
    tag = name.tag or references.DEFAULT_TAG
    messages = engine.sharing.push(name.repository, tag, None, credentials)
    async with contextlib.aclosing(messages):
        async for message in messages:
            if "error" in message:
                raise GrpcError(Code.UNKNOWN, f"failed to push {name}: {message['error']}")
    step.status(what, done=True)


async def _archive(
    engine: "Engine", attrs: Mapping[str, str], image: ImageRecord, session: Session, step: Step
) -> dict[str, str]:
    """What ``docker save`` writes is both formats at once."""
    names = [references.parse(name) for name in attrs.get("name", "").split(",") if name]
    told = {"containerimage.digest": image.id, "containerimage.config.digest": image.id}
    for name in names:
        await engine.images.tag(image.id, name.repository, name.tag or references.DEFAULT_TAG)
    wanted = [str(name.with_default_tag()) for name in names] or [image.id]
    await transfer.send_file(session, engine.images.save(wanted), told, _told(step))
    return told


async def _files(
    engine: "Engine",
    wanted: Exporter,
    image: ImageRecord,
    session: Session,
    step: Step,
    directory: Path,
) -> None:
    """The image's files, as an archive or one by one."""
    path = directory / "files.tar"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        rootfs = EMPTY | {"layers": engine.images.rootfs_layers(image.id)}
        await engine.workers.run("export", {}, [fd], rootfs)
    finally:
        os.close(fd)
    if wanted.type == "tar":
        await transfer.send_file(session, _pieces(path), {}, _told(step))
    else:
        await tree_sender.send(session, path, _told(step))


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


def _told(step: Step) -> transfer.Told:
    def told(size: int, done: bool) -> None:
        step.status("copying files", size, done=done)

    return told
