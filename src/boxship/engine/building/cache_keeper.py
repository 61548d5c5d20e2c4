"""What the build cache takes, how it is pruned, and how it stays within its limit by itself."""

import os
from typing import TYPE_CHECKING, Any

from boxship.base.times import rfc3339
from boxship.builder.cache import BuildCache, Record
from boxship.engine.building.cache_mounts import CacheMounts
from boxship.engine.building.digest_tables import DigestTables

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

# As BuildKit does: a tenth of the disk.
_SHARE = 10


class CacheKeeper:
    def __init__(
        self, engine: "Engine", cache: BuildCache, mounts: CacheMounts, digests: DigestTables
    ) -> None:
        self._engine = engine
        self._cache = cache
        self._mounts = mounts
        self._digests = digests

    async def prune(self, everything: bool, keep: int, until: int) -> dict[str, Any]:
        """API operation BuildPrune: drop records, least recently used first, until those left
        take at most *keep* bytes; *until*: only those not used since then. With *everything*,
        also directories of cache mounts, and contexts that clients have sent."""
        total, gone, freed = self._cache.size(), list[Record](), 0
        for record in self._cache.all():
            if keep and total <= keep:
                break
            if until and record.used > until:
                continue
            gone.append(record)
            total -= record.size
            if record.diff_id and not self._engine.images.layer_users(record.diff_id):
                freed += record.size
        await self._cache.remove([record.key for record in gone])
        await self._engine.images.collect(self._engine.containers_using)
        if everything:
            freed += await self._mounts.prune()
            freed += await self._engine.buildkit.builds.contexts.prune()
            self._digests.clear()
        self._engine.events.emit("builder", "prune", "", {"reclaimed": str(freed)})
        return {"CachesDeleted": [record.id for record in gone] or None, "SpaceReclaimed": freed}

    async def collect(self) -> None:
        """Prune when the cache has outgrown its share of the disk."""
        disk = os.statvfs(self._engine.options.data_root)
        limit = disk.f_blocks * disk.f_frsize // _SHARE
        if self._cache.size() > limit:
            await self.prune(False, limit, 0)

    def disk_usage(self) -> list[dict[str, Any]]:
        """The records, as API operation SystemDataUsage has them; images share layers with them."""
        return [self._row(record) for record in self._cache.all()]

    def _row(self, record: Record) -> dict[str, Any]:
        images = self._engine.images
        return {
            "ID": record.id,
            "Parents": None,
            "Type": "regular",
            "Description": record.description,
            "InUse": False,
            "Shared": bool(record.diff_id and images.layer_users(record.diff_id)),
            "Size": record.size,
            "CreatedAt": rfc3339(record.created),
            "LastUsedAt": rfc3339(record.used),
            "UsageCount": record.uses,
        }
