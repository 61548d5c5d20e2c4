"""``rewrite-timestamp``: no file of an image that is younger than its build claims to be."""

import asyncio
import contextlib
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from boxship.engine.buildkit.built import Built
from boxship.images.adopt import NewImage
from boxship.images.durability import file_digest
from boxship.images.layers import StagedLayer
from boxship.oci.layout import encode

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_SECOND = 1_000_000_000
_IN_FIELDS = ("mtime", "atime", "ctime", "path", "linkpath", "size", "uid", "gid")


async def clamped(engine: "Engine", built: Built) -> Built:
    """*built* with an image of which no file that the build has made is younger than its epoch;
    layers of its base stay as they are. Without an epoch nothing changes."""
    if not built.epoch:
        return built
    image, exchange = built.image, engine.images.exchange
    own = {one.diff_id for one in built.ledger.outcomes(built.lineage) if one.diff_id}
    renamed: dict[str, str] = {}
    staged: list[StagedLayer] = []
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(exchange.directory())
        for number, diff_id in enumerate(dict.fromkeys(image.diff_ids)):
            if diff_id not in own:
                continue
            path = scratch / f"{number}.tar"
            await asyncio.to_thread(_clamp, exchange.tar(diff_id), path, built.epoch // _SECOND)
            renamed[diff_id] = "sha256:" + await asyncio.to_thread(file_digest, path)
            directory = stack.enter_context(exchange.directory())
            with path.open("rb") as file:
                staged.append(await exchange.stage_file(file.fileno(), directory, renamed[diff_id]))
        document = dict(image.document)
        diff_ids = [renamed.get(one, one) for one in image.diff_ids]
        document["rootfs"] = {"type": "layers", "diff_ids": diff_ids}
        new = await engine.images.add(NewImage(encode(document), staged, below=image.id))
    return built.with_image(new)


def _clamp(source: Path, target: Path, moment: int) -> None:
    with (
        tarfile.open(source, "r:", encoding="utf-8", errors="surrogateescape") as old,
        tarfile.open(
            target, "x", format=tarfile.PAX_FORMAT, encoding="utf-8", errors="surrogateescape"
        ) as new,
    ):
        for member in old:
            data = old.extractfile(member) if member.isreg() else None
            member.mtime = min(member.mtime, moment)
            # What these say is in the fields, which are written anew.
            member.pax_headers = {
                k: v for k, v in member.pax_headers.items() if k not in _IN_FIELDS
            }
            new.addfile(member, data)
