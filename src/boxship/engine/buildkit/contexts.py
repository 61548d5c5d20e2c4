"""Clients' directories as they were sent last, so that only what has changed is sent again."""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from boxship.base.trees import remove_tree
from boxship.engine.buildkit.sessions import Client

_MOST = 16


class KeptContexts:
    """Owns *root*: a directory for each of the clients' directories, used by one build at once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._busy: set[str] = set()

    @contextlib.asynccontextmanager
    async def held(self, session: Client, name: str, otherwise: Path) -> AsyncIterator[Path]:
        """A directory for the context *name* of the client; *otherwise*, a path that is the
        caller's, while another build has it, or when the client does not say which it is."""
        facts = "\0".join((session.owner, session.shared_key, name))
        key = hashlib.sha256(facts.encode("utf-8", "surrogateescape")).hexdigest()
        if not session.shared_key or key in self._busy:
            yield otherwise
            return
        self._busy.add(key)
        try:
            directory = self._root / key
            directory.mkdir(mode=0o755, parents=True, exist_ok=True)
            yield directory
            os.utime(directory)
        finally:
            self._busy.discard(key)
            await self._shrink()

    async def _shrink(self) -> None:
        """The least recently used go when there are too many."""
        old = sorted(self._root.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for directory in old[: max(0, len(old) - _MOST)]:
            if directory.name not in self._busy:
                await asyncio.to_thread(remove_tree, directory)

    async def prune(self) -> int:
        """Remove those that no build uses now; bytes that were freed."""
        freed = 0
        for directory in sorted(self._root.iterdir()) if self._root.is_dir() else ():
            if directory.name not in self._busy:
                freed += await asyncio.to_thread(remove_tree, directory)
        return freed
