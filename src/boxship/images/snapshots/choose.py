"""Picks a snapshotter by name."""

from boxship.base.errors import InvalidParameter
from boxship.images.layers import LayerStore
from boxship.images.snapshots.erofs import ErofsSnapshotter
from boxship.images.snapshots.snapshotter import Snapshotter


def make_snapshotter(name: str, layers: LayerStore) -> Snapshotter:
    """:class:`InvalidParameter` when there is no snapshotter *name*."""
    if name == ErofsSnapshotter.name:
        return ErofsSnapshotter(layers)
    raise InvalidParameter(f"unknown snapshotter {name!r}: expected erofs")
