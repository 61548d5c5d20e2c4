"""Directories of ``RUN --mount=type=cache``, which outlive their builds."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

from boxship.base.trees import remove_tree


class CacheMounts:
    """Owns *root*; a directory for each cache, made by whoever uses it first."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: Counter[str] = Counter()

    @contextlib.asynccontextmanager
    async def held(self, name: str, sharing: str) -> AsyncIterator[Path]:
        """The directory of the cache *name*: ``shared`` with others, ``locked`` against them, or
        ``private``, another one for each who uses it at the same time."""
        if sharing == "locked":
            async with self._locks.setdefault(name, asyncio.Lock()):
                yield self._root / name
            return
        chosen, number = name, 0
        while sharing == "private" and self._users[chosen]:
            number += 1
            chosen = f"{name}-{number}"
        self._users[chosen] += 1
        try:
            yield self._root / chosen
        finally:
            self._users[chosen] -= 1

    async def prune(self) -> int:
        """Remove the caches that nobody uses now; bytes that were freed."""
        freed = 0
        for directory in sorted(self._root.iterdir()) if self._root.is_dir() else ():
            lock = self._locks.get(directory.name)
            if not self._users[directory.name] and not (lock and lock.locked()):
                freed += await asyncio.to_thread(remove_tree, directory)
        return freed
