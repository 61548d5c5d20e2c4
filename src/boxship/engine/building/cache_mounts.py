"""Directories of ``RUN --mount=type=cache``, which outlive their builds."""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from boxship.base.times import now_ns
from boxship.base.trees import remove_tree, tree_size
from boxship.builder.usage import MOUNT, Usage
from boxship.state.database import Database

# Times are nanoseconds since 1970.
MIGRATIONS = (
    """
    CREATE TABLE build_mounts (
        name TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        created INTEGER NOT NULL,
        used INTEGER NOT NULL,
        uses INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
)
_SHORT = 25
_USE = """
INSERT INTO build_mounts VALUES (?, ?, ?, ?, 0)
ON CONFLICT (name) DO UPDATE SET title = excluded.title, used = excluded.used, uses = uses + 1
"""


class CacheMounts:
    """Owns *root*; a directory for each cache, made by whoever uses it first."""

    def __init__(self, root: Path, database: Database) -> None:
        self._root = root
        self._database = database
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: Counter[str] = Counter()

    @contextlib.asynccontextmanager
    async def held(self, name: str, sharing: str, title: str) -> AsyncIterator[Path]:
        """The directory of the cache *name*: ``shared`` with others, ``locked`` against them, or
        ``private``, another one for each who uses it at the same time. *title* is for people."""
        if sharing == "locked":
            async with self._locks.setdefault(name, asyncio.Lock()):
                self._note_use(name, title)
                yield self._root / name
            return
        chosen, number = name, 0
        while sharing == "private" and self._users[chosen]:
            number += 1
            chosen = f"{name}-{number}"
        self._users[chosen] += 1
        self._note_use(chosen, title)
        try:
            yield self._root / chosen
        finally:
            self._users[chosen] -= 1

    def _note_use(self, name: str, title: str) -> None:
        row = (name, title, now_ns(), now_ns())

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(_USE, row)

        self._database.submit(write)

    def _is_free(self, name: str) -> bool:
        lock = self._locks.get(name)
        return not self._users[name] and not (lock and lock.locked())

    async def usage(self) -> list[Usage]:
        """Of every cache."""
        rows = {row[0]: row for row in self._database.read("SELECT * FROM build_mounts")}
        found = []
        for directory in sorted(self._root.iterdir()) if self._root.is_dir() else ():
            name = directory.name
            _, title, created, used, uses = rows.get(name, (name, "", 0, 0, 0))
            size = await asyncio.to_thread(tree_size, directory)
            description = f"cached mount {title}".rstrip()
            in_use = not self._is_free(name)
            short = name[:_SHORT] + name[64:]
            found.append(Usage(short, MOUNT, size, created, used, uses, description, in_use))
        return found

    async def prune(self, is_chosen: Callable[[str], bool] = lambda short: True) -> int:
        """Remove those that nobody uses now and whose short ID *is_chosen*; bytes that were
        freed."""
        freed, gone = 0, []
        for directory in sorted(self._root.iterdir()) if self._root.is_dir() else ():
            name = directory.name
            if self._is_free(name) and is_chosen(name[:_SHORT] + name[64:]):
                freed += await asyncio.to_thread(remove_tree, directory)
                gone.append((name,))

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM build_mounts WHERE name = ?", gone)

        await self._database.write(write)
        return freed
