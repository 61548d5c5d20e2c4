"""The exporters ``local`` and ``tar``: an image's files at the client."""

import asyncio
import os
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

from boxship.builder.context import EMPTY
from boxship.engine.buildkit import transfer, tree_sender
from boxship.engine.buildkit.built import Built
from boxship.engine.buildkit.export import Export
from boxship.engine.buildkit.handed_over import HandedOver
from boxship.engine.buildkit.tree_sender import Part

_PIECE = 1 << 20
_SECOND = 1_000_000_000


async def directory(export: Export) -> dict[str, str]:
    if isinstance(export.session, HandedOver):
        # That client unpacks it with its user's rights.
        return await archive(export)
    parts = [await _part(export, number) for number in range(len(export.results))]
    await tree_sender.send(export.session, parts, export.told)
    return {}


async def archive(export: Export) -> dict[str, str]:
    parts = [await _part(export, number) for number in range(len(export.results))]
    path = parts[0].archive
    if len(parts) > 1 or parts[0].prefix or parts[0].moment:
        path = export.directory / "together.tar"
        await asyncio.to_thread(_join, parts, path)
    await transfer.send_file(export.session, _pieces(path), {}, export.told)
    return {}


async def _part(export: Export, number: int) -> Part:
    built = export.results[number]
    path = export.directory / f"files-{number}.tar"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        rootfs = EMPTY | {"layers": export.engine.images.rootfs_layers(built.image.id)}
        await export.engine.workers.run("export", {}, [fd], rootfs)
    finally:
        os.close(fd)
    return Part(path, _prefix(export, built), built.epoch // _SECOND)


def _prefix(export: Export, built: Built) -> str:
    """Results of several platforms lie beside each other, unless the client wants them in one."""
    is_apart = export.attrs.get("platform-split", "true") not in ("false", "0")
    return built.platform.replace("/", "_") if is_apart else ""


def _join(parts: list[Part], path: Path) -> None:
    with tarfile.open(path, "x", format=tarfile.PAX_FORMAT) as whole:
        for part in parts:
            if part.prefix:
                top = tarfile.TarInfo(part.prefix)
                top.type, top.mode, top.mtime = tarfile.DIRTYPE, 0o755, part.moment
                whole.addfile(top)
            with tarfile.open(part.archive, "r:") as files:
                for member in files:
                    moved = part.placed(member)
                    whole.addfile(moved, files.extractfile(member) if member.isreg() else None)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
