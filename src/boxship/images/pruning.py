"""``docker image prune``: removes what nothing names, or what nothing uses."""

from collections.abc import Awaitable, Callable
from typing import Any

from boxship.base.errors import BoxshipError
from boxship.images.catalog import Catalog
from boxship.images.filters import PRUNE_FILTERS, FilterSet, tests_for
from boxship.images.record import ImageRecord
from boxship.images.removal import Removed, chain_ids

Remove = Callable[[str], Awaitable[Removed]]


async def prune(catalog: Catalog, filters: FilterSet, remove: Remove) -> dict[str, Any]:
    """API operation ImagePrune. *remove* is ``rmi`` without force, with pruning of parents."""
    filters.require(PRUNE_FILTERS)
    dangling_only = filters.flag("dangling", True)
    tests = tests_for(filters, catalog)
    parents = catalog.parents()
    sizes = _chain_sizes(catalog)
    removed: Removed = []
    for image in catalog.records():
        if image.id in parents and (dangling_only or not image.references):
            continue
        if all(test(image) for test in tests):
            for name in _names(image, bool(dangling_only)):
                try:
                    removed += await remove(name)
                except BoxshipError:
                    continue  # in use, or gone with another image
    reclaimed = sum(sizes.get(row.get("Deleted", ""), 0) for row in removed)
    return {"ImagesDeleted": removed or None, "SpaceReclaimed": reclaimed}


def _names(image: ImageRecord, dangling_only: bool) -> list[str]:
    """What to call the image by, once for each of its names, if it is to go."""
    if not image.references:
        return [image.id]
    if dangling_only and any(reference.tag for reference in image.references):
        return []
    return [str(reference) for reference in image.references]


def _chain_sizes(catalog: Catalog) -> dict[str, int]:
    layers = catalog.layers()
    return {
        chain: layers[diff_id].size
        for image in catalog.records()
        for chain, diff_id in zip(chain_ids(image.diff_ids), image.diff_ids, strict=True)
    }
