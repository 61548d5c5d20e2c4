"""The build cache: which layer a step made, by a key of everything that it depends on.

The layers of records stay, though no image may have them any more, until the records are pruned.
"""

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from boxship.base.times import now_ns
from boxship.state.database import Database

# Times are nanoseconds since 1970; ``diff_id`` is empty for a step that changed nothing.
MIGRATIONS = (
    """
    CREATE TABLE build_cache (
        key TEXT PRIMARY KEY,
        diff_id TEXT NOT NULL,
        size INTEGER NOT NULL,
        description TEXT NOT NULL,
        created INTEGER NOT NULL,
        used INTEGER NOT NULL,
        uses INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
)


_MOST_NOTED = 4096


@dataclass(frozen=True, slots=True)
class Record:
    """*size*: bytes of the layer's files."""

    key: str
    diff_id: str
    size: int
    description: str
    created: int
    used: int
    uses: int

    @property
    def id(self) -> str:
        """The short name that listings show."""
        return self.key[:25]


def key_of(facts: Any) -> str:
    """The key of a step; *facts* is anything that JSON can say."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


class BuildCache:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._content: dict[str, list[str]] = {}

    def content(self, key: str) -> list[str] | None:
        """The digests noted under *key*, while this process lives."""
        return self._content.get(key)

    def note_content(self, key: str, digests: list[str]) -> None:
        if len(self._content) >= _MOST_NOTED:
            self._content.clear()
        self._content[key] = digests

    def peek(self, key: str) -> Record | None:
        """The record of *key*."""
        rows = self._database.read("SELECT * FROM build_cache WHERE key = ?", key)
        return Record(*rows[0]) if rows else None

    def knows(self, description: str) -> bool:
        """Whether there is a record of a step called *description*, on top of whatever."""
        sql = "SELECT 1 FROM build_cache WHERE description = ? LIMIT 1"
        return bool(self._database.read(sql, description))

    def find(self, key: str) -> Record | None:
        """The same; its use is noted, though not durably at once."""
        record = self.peek(key)
        if record is None:
            return None
        sql, row = "UPDATE build_cache SET used = ?, uses = uses + 1 WHERE key = ?", (now_ns(), key)
        self._database.later(lambda connection: connection.execute(sql, row) and None)
        return record

    async def put(self, key: str, diff_id: str, size: int, description: str, created: int) -> None:
        """Remember a layer that is stored already. It was *created* when the build says."""
        row = (key, diff_id, size, description, created, now_ns(), 0)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO build_cache VALUES (?,?,?,?,?,?,?)", row)

        await self._database.write(write)

    async def all(self) -> list[Record]:
        """Least recently used first."""
        # Behind the uses that have been noted.
        await self._database.write(lambda connection: None)
        rows = self._database.read("SELECT * FROM build_cache ORDER BY used, key")
        return [Record(*row) for row in rows]

    def layers(self) -> list[str]:
        """Diff IDs of all records."""
        rows = self._database.read("SELECT DISTINCT diff_id FROM build_cache WHERE diff_id != ''")
        return [row[0] for row in rows]

    def size(self) -> int:
        """Bytes of all layers."""
        sql = "SELECT SUM(size) FROM (SELECT MAX(size) AS size FROM build_cache GROUP BY diff_id)"
        return int(self._database.read(sql)[0][0] or 0)

    async def remove(self, keys: list[str]) -> None:
        rows = [(key,) for key in keys]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM build_cache WHERE key = ?", rows)

        await self._database.write(write)
