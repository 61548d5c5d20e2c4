"""Layers as they are stored: the kernel mounts the index, which points into the archive."""

from collections.abc import Sequence

from boxship.images.catalog import LayerRow
from boxship.images.layers import INDEX, TAR, LayerStore
from boxship.images.snapshots.snapshotter import RootfsLayer, visible


class ErofsSnapshotter:
    """Derives nothing. Needs Linux 6.12 or later (EROFS on plain files)."""

    name = "erofs"

    def __init__(self, store: LayerStore) -> None:
        self._store = store

    async def prepare(self, stack: Sequence[LayerRow]) -> None:
        pass

    def layers(self, stack: Sequence[LayerRow]) -> list[RootfsLayer]:
        return [self._layer(row.diff_id) for row in visible(stack)]

    def forget(self, diff_id: str) -> list[RootfsLayer]:
        return [self._layer(diff_id)]

    def _layer(self, diff_id: str) -> RootfsLayer:
        directory = self._store.directory(diff_id)
        return {"kind": "erofs", "index": f"{directory}/{INDEX}", "data": f"{directory}/{TAR}"}
