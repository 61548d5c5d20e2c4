"""Picks a snapshotter: by name, or the best one that this kernel can do."""

import os
import re
from pathlib import Path

from boxship.base.errors import InvalidParameter
from boxship.images.layers import LayerStore
from boxship.images.snapshots.copy import CopySnapshotter
from boxship.images.snapshots.erofs import ErofsSnapshotter
from boxship.images.snapshots.overlay import OverlaySnapshotter
from boxship.images.snapshots.snapshotter import Snapshotter
from boxship.images.workers import WorkerRunner
from boxship.kernel import mount

_FILE_BACKED_EROFS = (6, 12)
NAMES = ("erofs", "overlay", "copy")


def make_snapshotter(
    name: str, layers: LayerStore, root: Path, workers: WorkerRunner
) -> Snapshotter:
    """What it derives goes below *root*. :class:`InvalidParameter` when there is none *name*."""
    if name == "erofs":
        return ErofsSnapshotter(layers)
    if name == "overlay":
        return OverlaySnapshotter(layers, root / name, workers)
    if name == "copy":
        return CopySnapshotter(layers, root / name, workers)
    raise InvalidParameter(f"unknown snapshotter {name!r}: expected one of {', '.join(NAMES)}")


def best() -> str:
    """``erofs`` where the kernel mounts it from plain files, else ``overlay``."""
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if release is None or (int(release[1]), int(release[2])) < _FILE_BACKED_EROFS:
        return "overlay"
    try:
        os.close(mount.fsopen("erofs"))
    except OSError:  # not built, or no privilege to mount anything at all
        return "overlay"
    return "erofs"
