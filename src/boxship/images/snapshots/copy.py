"""Each stack of layers merged into one plain directory, for where overlayfs stacks too little."""

from collections.abc import Sequence
from pathlib import Path

from boxship.base.trees import remove_tree
from boxship.images.catalog import LayerRow
from boxship.images.layers import LayerStore
from boxship.images.removal import chain_ids
from boxship.images.snapshots.snapshotter import RootfsLayer
from boxship.images.snapshots.unpacked import unpack
from boxship.images.workers import WorkerRunner

_TREE, _MEMBERS = "tree", "layers"


class CopySnapshotter:
    """Keeps ``root/<chain>/{tree,layers}``: the merged directory, and which layers are in it."""

    name = "copy"

    def __init__(self, store: LayerStore, root: Path, workers: WorkerRunner) -> None:
        self._store = store
        self._root = root
        self._workers = workers
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def prepare(self, stack: Sequence[LayerRow]) -> None:
        if not stack:
            return
        diff_ids = [row.diff_id for row in stack]
        home = self._home(stack)
        if (home / _TREE).exists():
            return
        home.mkdir(exist_ok=True, mode=0o700)
        (home / _MEMBERS).write_text("\n".join(diff_ids))
        await unpack(self._workers, self._store, diff_ids, "apply", home / _TREE)

    def layers(self, stack: Sequence[LayerRow]) -> list[RootfsLayer]:
        return [_layer(self._home(stack))] if stack else []

    def forget(self, diff_id: str) -> list[RootfsLayer]:
        gone = [
            home
            for home in self._root.iterdir()
            if diff_id in (home / _MEMBERS).read_text().splitlines()
        ]
        for home in gone:
            remove_tree(home)
        return [_layer(home) for home in gone]

    def _home(self, stack: Sequence[LayerRow]) -> Path:
        chain = chain_ids([row.diff_id for row in stack])[-1]
        return self._root / chain.partition(":")[2]


def _layer(home: Path) -> RootfsLayer:
    return {"kind": "dir", "path": str(home / _TREE)}
