"""``--squash``: the layers that a build has made, as one."""

import os
from pathlib import Path
from typing import Any

from boxship.base.times import now_ns, rfc3339
from boxship.builder.context import EMPTY
from boxship.builder.machine import WorkRunner
from boxship.images.adopt import NewImage
from boxship.images.images import Images
from boxship.images.layers import StagedLayer
from boxship.images.record import ImageRecord
from boxship.images.staging import written
from boxship.oci.layout import encode

_FILES = ("layer.tar", "index")


async def squash(
    images: Images, workers: WorkRunner, image: ImageRecord, base: ImageRecord | None
) -> ImageRecord:
    """An image like *image* with a single layer on top of those of *base* (None: scratch)."""
    below = base.diff_ids if base else ()
    own = image.diff_ids[len(below) :]
    if len(own) < 2:
        return image
    with images.staging() as directory:
        layer = await _merge(images, workers, own, base, directory)
        raw = encode(_document(image, base, layer.diff_id))
        return await images.add(NewImage(raw, [layer], base.id if base else ""))


async def _merge(
    images: Images,
    workers: WorkRunner,
    own: tuple[str, ...],
    base: ImageRecord | None,
    directory: Path,
) -> StagedLayer:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    fds = [os.open(directory / name, flags, 0o600) for name in _FILES]
    try:
        for diff_id in own:
            fds.append(os.open(images.layer_tar(diff_id), os.O_RDONLY | os.O_CLOEXEC))
        below = EMPTY | {"layers": images.rootfs_layers(base.id)} if base else None
        made = await workers.run("build_squash", {}, fds, below)
    finally:
        for fd in fds:
            os.close(fd)
    return written(directory, made)


def _document(image: ImageRecord, base: ImageRecord | None, diff_id: str) -> dict[str, Any]:
    """The configuration of *image*, whose steps have no layers of their own any more."""
    document = dict(image.document)
    steps = list(document.get("history") or [])
    kept = len(base.document.get("history") or []) if base else 0
    document["history"] = [
        *steps[:kept],
        *({**step, "empty_layer": True} for step in steps[kept:]),
        {"created": rfc3339(now_ns()), "comment": f"merge {image.id} to {base.id if base else ''}"},
    ]
    below = list(base.diff_ids) if base else []
    document["rootfs"] = {"type": "layers", "diff_ids": [*below, diff_id]}
    return document
