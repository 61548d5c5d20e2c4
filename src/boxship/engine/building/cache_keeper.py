"""What the build cache takes, how it is pruned, and how it stays within its limit by itself."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from boxship.base.times import rfc3339
from boxship.builder.cache import BuildCache, Record
from boxship.builder.usage import STEP, Usage, chooser
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

    async def usage(self, filters: Sequence[str] = ()) -> list[Usage]:
        """Everything that builds keep, least recently used first; filters are those of
        :mod:`boxship.builder.usage`. :class:`InvalidParameter`."""
        is_chosen = chooser(filters)
        records = await self._steps()
        mounts = await self._mounts.usage()
        contexts = await self._engine.buildkit.builds.contexts.usage()
        rows = sorted([*records, *mounts, *contexts], key=lambda one: one.used)
        return [one for one in rows if is_chosen(one)]

    async def _steps(self) -> list[Usage]:
        return [self._usage(record) for record in await self._cache.all()]

    def _usage(self, record: Record) -> Usage:
        return Usage(
            record.id,
            STEP,
            record.size,
            record.created,
            record.used,
            record.uses,
            record.description,
            shared=bool(record.diff_id and self._engine.images.layer_users(record.diff_id)),
        )

    async def prune(
        self, everything: bool, keep: int, until: int, filters: Sequence[str] = ()
    ) -> dict[str, Any]:
        """API operation BuildPrune: drop what *filters* choose, least recently used first, until
        what is left takes at most *keep* bytes; *until*: only what has not been used since then.
        Without *everything*, steps whose layers an image has stay, as they do with dockerd."""
        rows = await self.usage(filters)
        if not everything:
            rows = [one for one in rows if not one.shared]
        report = await self._drop(_too_much(rows, keep, until))
        if everything and not any(filters):
            self._digests.clear()
        return report

    async def _drop(self, gone: Sequence[Usage]) -> dict[str, Any]:
        freed = 0
        steps = {one.id for one in gone if one.kind == STEP}
        await self._cache.remove([one.key for one in await self._cache.all() if one.id in steps])
        await self._engine.images.collect(self._engine.containers_using)
        freed += sum(one.size for one in gone if one.kind == STEP and not one.shared)
        others = {one.id for one in gone if one.kind != STEP}
        if others:
            freed += await self._mounts.prune(others.__contains__)
            freed += await self._engine.buildkit.builds.contexts.prune(others.__contains__)
        self._engine.events.emit("builder", "prune", "", {"reclaimed": str(freed)})
        return {"CachesDeleted": [one.id for one in gone] or None, "SpaceReclaimed": freed}

    async def collect(self) -> None:
        """Prune when the cache has outgrown its share of the disk."""
        disk = os.statvfs(self._engine.options.data_root)
        limit = disk.f_blocks * disk.f_frsize // _SHARE
        if self._cache.size() > limit:
            await self._drop(_too_much(await self._steps(), limit, 0))

    async def disk_usage(self) -> list[dict[str, Any]]:
        """As API operation SystemDataUsage has it; images share layers with steps."""
        return [_row(one) for one in await self.usage()]


def _too_much(rows: Sequence[Usage], keep: int, until: int) -> list[Usage]:
    total, gone = sum(one.size for one in rows), []
    for one in rows:
        if keep and total <= keep:
            break
        if one.in_use or (until and one.used > until):
            continue
        gone.append(one)
        total -= one.size
    return gone


def _row(usage: Usage) -> dict[str, Any]:
    return {
        "ID": usage.id,
        "Parents": None,
        "Type": usage.kind,
        "Description": usage.description,
        "InUse": usage.in_use,
        "Shared": usage.shared,
        "Size": usage.size,
        "CreatedAt": rfc3339(usage.created or usage.used),
        "LastUsedAt": rfc3339(usage.used),
        "UsageCount": usage.uses,
    }
