"""Which layers nothing needs any longer, and what goes with them."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from boxship.images import catalog as changes
from boxship.images.catalog import Catalog, Change
from boxship.images.layers import LayerStore
from boxship.images.removal import ContainersUsing
from boxship.images.snapshots.snapshotter import RootfsLayer, Snapshotter
from boxship.images.steps import Steps


@dataclass
class Collector:
    """The caller holds the store's lock. *forget_layers* is told of layers that are about to
    vanish; those that are *pinned* stay though no image has them; *forget_blobs* is called when
    some are gone."""

    catalog: Catalog
    steps: Steps
    layers: LayerStore
    snapshotter: Snapshotter
    forget_layers: Callable[[list[RootfsLayer]], object]
    pinned: Callable[[], Iterable[str]]
    forget_blobs: Callable[[], Awaitable[None]]
    _leased: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def lease(self, diff_ids: Iterable[str]) -> Iterator[None]:
        """Keep layers from being removed meanwhile."""
        held = list(diff_ids)
        self._leased.update(held)
        try:
            yield
        finally:
            self._leased.subtract(held)

    async def collect(self, containers_using: ContainersUsing) -> None:
        """Everything that nothing needs."""
        gone = [one for one in self.catalog.ghosts() if not containers_using(one)]

        def change(connection: Change) -> None:
            for image_id in gone:
                changes.remove_stack(connection, image_id)

        if gone:
            await self.catalog.write(change)
        await self.steps.forget()
        await self.drop(self.catalog.orphans())

    async def drop(self, candidates: Iterable[str]) -> list[str]:
        """Remove those of the layers that nothing needs; their diff IDs."""
        orphans = self.catalog.orphans() - set(self.pinned())
        free = [one for one in set(candidates) & orphans if self._leased[one] <= 0]
        if not free:
            return []
        await self.catalog.write(lambda connection: changes.remove_layers(connection, free))
        for diff_id in free:
            self.forget_layers(await asyncio.to_thread(self.snapshotter.forget, diff_id))
            await asyncio.to_thread(self.layers.delete, diff_id)
        await self.forget_blobs()
        return free
