"""Picks a snapshotter: by name, or the best one that this kernel can do."""

from pathlib import Path

from boxship.base.errors import InvalidParameter
from boxship.images.layers import LayerStore
from boxship.images.snapshots.copy import CopySnapshotter
from boxship.images.snapshots.erofs import ErofsSnapshotter
from boxship.images.snapshots.overlay import OverlaySnapshotter
from boxship.images.snapshots.snapshotter import Snapshotter
from boxship.images.workers import WorkerRunner
from boxship.sandbox.erofs_probe import mounts_erofs

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
    """``erofs`` where the kernel mounts stored layers, else ``overlay``."""
    return "erofs" if mounts_erofs() else "overlay"
