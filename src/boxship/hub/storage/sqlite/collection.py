"""What the garbage collector does to the tables, each step in one transaction.

SQLite lets one transaction write at a time: what a push adds comes wholly before or wholly behind
a step, and a push that comes before is counted.
"""

import sqlite3

from boxship.state.database import Database

_UNUSED_LINKS = """
DELETE FROM links WHERE repository = ? AND touched < ?
    AND NOT EXISTS (SELECT 1 FROM parts p
        WHERE p.repository = links.repository AND p.part = links.digest)
    AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.repository = links.repository)
"""
_UNTAGGED = """
DELETE FROM manifests AS m WHERE pushed < ?
    AND NOT EXISTS (SELECT 1 FROM tags t
        WHERE t.repository = m.repository AND t.digest = m.digest)
    AND NOT EXISTS (SELECT 1 FROM parts p
        WHERE p.repository = m.repository AND p.part = m.digest)
    AND NOT EXISTS (SELECT 1 FROM manifests s
        WHERE s.repository = m.repository AND s.digest = m.subject)
    AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.repository = m.repository)
"""


class CollectionTables:
    """:class:`boxship.hub.storage.metadata.Collection`."""

    _db: Database

    async def expire_uploads(self, before: float) -> int:
        sql = "DELETE FROM uploads WHERE touched < ?"
        return await self._db.write(lambda db: db.execute(sql, (before,)).rowcount)

    async def remove_untagged(self, before: float) -> int:
        def write(connection: sqlite3.Connection) -> int:
            total = 0
            # An index that goes frees its manifests, a subject its referrers.
            while removed := connection.execute(_UNTAGGED, (before,)).rowcount:
                total += removed
            return total

        return await self._db.write(write)

    async def unlink_unused(self, before: float) -> int:
        total = 0
        # A repository at a time: pushes wait for no longer than for one.
        for (repository,) in self._db.read("SELECT id FROM repositories"):
            total += await self._unlink_in(repository, before)
        return total

    async def _unlink_in(self, repository: int, before: float) -> int:
        values = (repository, before)
        return await self._db.write(lambda db: db.execute(_UNUSED_LINKS, values).rowcount)

    async def garbage(self, count: int) -> list[str]:
        return [key for (key,) in self._db.read("SELECT key FROM garbage LIMIT ?", count)]

    async def forget(self, keys: list[str]) -> None:
        def write(connection: sqlite3.Connection) -> None:
            sql = "DELETE FROM garbage WHERE key = ?"
            connection.executemany(sql, [(key,) for key in keys])

        await self._db.write(write)

    async def sweep_secrets(self, now: float) -> None:
        await self._db.execute("DELETE FROM secrets WHERE expires < ?", now)
        await self._db.execute("DELETE FROM attempts WHERE since < ?", now - 86400)
