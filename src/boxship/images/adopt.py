"""Takes what a worker has staged into the store: files first, then one transaction for all rows.

A crash between the two leaves files without rows, which the next start sweeps.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from boxship.base.digests import sha256
from boxship.base.errors import InvalidParameter
from boxship.images import catalog as changes
from boxship.images.catalog import Catalog, Change, LayerRow
from boxship.images.durability import Syncer, boot_id
from boxship.images.layers import LayerStore, StagedLayer
from boxship.images.record import diff_ids_of, validate
from boxship.images.reference import Reference
from boxship.images.snapshots.snapshotter import Snapshotter


@dataclass
class NewImage:
    """An image to be: its configuration byte for byte, and the layers that were staged for it.

    *below*, which may be empty: it stands for a step on top of that (:mod:`boxship.images.steps`).
    """

    raw: bytes
    layers: list[StagedLayer] = field(default_factory=list)
    parent: str = ""
    below: str | None = None

    @property
    def id(self) -> str:
        return sha256(self.raw)


class Adopter:
    """Puts images into the store. The caller holds the store's lock."""

    def __init__(
        self, catalog: Catalog, layers: LayerStore, syncer: Syncer, snapshotter: Snapshotter
    ) -> None:
        self._catalog = catalog
        self._layers = layers
        self._syncer = syncer
        self._snapshotter = snapshotter

    async def adopt(
        self,
        images: Sequence[NewImage],
        tags: Iterable[tuple[Reference, list[str]]] = (),
        also: Callable[[Change], None] = lambda connection: None,
    ) -> None:
        """Store *images* and then let each tag mean its image IDs, all or nothing.

        *also* is done in the same transaction, last.
        :class:`InvalidParameter` when a configuration is unusable or a layer is missing.
        """
        known = self._catalog.layers()
        fresh = {
            layer.diff_id: layer
            for image in images
            for layer in image.layers
            if layer.diff_id not in known
        }
        for image in images:
            for diff_id in diff_ids_of(validate(image.raw)):
                if diff_id not in known and diff_id not in fresh:
                    raise InvalidParameter(f"layer {diff_id} of image {image.id} is missing")
        for layer in fresh.values():
            await asyncio.to_thread(self._layers.adopt, layer)
        rows = _rows(fresh.values())
        present = known | {row.diff_id: row for row in rows}
        for image in images:
            stack = [present[diff_id] for diff_id in diff_ids_of(validate(image.raw))]
            await self._snapshotter.prepare(stack)
        await self._catalog.write(_change(images, rows, list(tags), also))
        self._syncer.start(fresh)


def _rows(layers: Iterable[StagedLayer]) -> list[LayerRow]:
    boot = boot_id()
    return [
        LayerRow(one.diff_id, one.size, one.stored, one.index_digest, one.opaque, boot)
        for one in layers
    ]


def _change(
    images: Sequence[NewImage],
    rows: list[LayerRow],
    tags: list[tuple[Reference, list[str]]],
    also: Callable[[Change], None],
) -> Callable[[Change], None]:
    def change(connection: Change) -> None:
        changes.add_layers(connection, rows)
        for image in images:
            changes.add_image(connection, image.id, image.raw, image.parent, image.below)
        for reference, image_ids in tags:
            changes.set_tag(connection, reference, image_ids)
        also(connection)

    return change
