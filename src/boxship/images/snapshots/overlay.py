"""Each layer unpacked into a directory of its own, whiteouts as overlayfs knows them."""

from collections.abc import Sequence
from pathlib import Path

from boxship.base.trees import remove_tree
from boxship.images.catalog import LayerRow
from boxship.images.layers import LayerStore
from boxship.images.snapshots.snapshotter import RootfsLayer, visible
from boxship.images.snapshots.unpacked import unpack
from boxship.images.workers import WorkerRunner


class OverlaySnapshotter:
    """Keeps the directories below *root*. For kernels that do not mount EROFS from plain files."""

    name = "overlay"

    def __init__(self, store: LayerStore, root: Path, workers: WorkerRunner) -> None:
        self._store = store
        self._root = root
        self._workers = workers
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def prepare(self, stack: Sequence[LayerRow]) -> None:
        for row in stack:
            directory = self._directory(row.diff_id)
            if not directory.exists():
                await unpack(self._workers, self._store, [row.diff_id], "keep", directory)

    def layers(self, stack: Sequence[LayerRow]) -> list[RootfsLayer]:
        return [self._layer(row.diff_id) for row in visible(stack)]

    def forget(self, diff_id: str) -> list[RootfsLayer]:
        remove_tree(self._directory(diff_id))
        return [self._layer(diff_id)]

    def _directory(self, diff_id: str) -> Path:
        return self._root / diff_id.partition(":")[2]

    def _layer(self, diff_id: str) -> RootfsLayer:
        return {"kind": "dir", "path": str(self._directory(diff_id))}
