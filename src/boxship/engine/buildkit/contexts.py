"""Clients' directories as they were sent last, so that only what has changed is sent again."""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from boxship.base.trees import remove_tree, tree_size
from boxship.builder.usage import CONTEXT, Usage
from boxship.engine.buildkit.sessions import Client
from boxship.engine.buildkit.transfer import Wanted

_MOST = 16
_SHORT = 25


class KeptContexts:
    """Owns *root*: a directory for each of the clients' directories, used by one build at once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._busy: set[str] = set()
        self._wanted: dict[str, Wanted] = {}

    def wanted(self, session: Client, name: str) -> Wanted | None:
        """What was last fetched of the context *name* of the client, where that is known."""
        return self._wanted.get(_key(session, name)) if session.shared_key else None

    def note(self, session: Client, name: str, wanted: Wanted) -> None:
        """*wanted* has been fetched."""
        if session.shared_key:
            key = _key(session, name)
            self._wanted.pop(key, None)
            self._wanted[key] = wanted
            if len(self._wanted) > _MOST:
                del self._wanted[next(iter(self._wanted))]

    @contextlib.asynccontextmanager
    async def held(self, session: Client, name: str, otherwise: Path) -> AsyncIterator[Path]:
        """A directory for the context *name* of the client; *otherwise*, a path that is the
        caller's, while another build has it, or when the client does not say which it is."""
        key = _key(session, name)
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
        if len(os.listdir(self._root)) <= _MOST:
            return
        old = sorted(self._root.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for directory in old[: max(0, len(old) - _MOST)]:
            if directory.name not in self._busy:
                await self._remove(directory)

    async def _remove(self, directory: Path) -> int:
        """Remove *directory*, which no build may begin to use meanwhile; bytes that were freed. It
        is removed though nobody waits for that any more."""
        self._busy.add(directory.name)
        removing = asyncio.ensure_future(asyncio.to_thread(remove_tree, directory))
        removing.add_done_callback(lambda _: self._busy.discard(directory.name))
        return await asyncio.shield(removing)

    async def usage(self) -> list[Usage]:
        """Of every directory."""
        found = []
        for directory in sorted(self._root.iterdir()) if self._root.is_dir() else ():
            name, used = directory.name, directory.stat().st_mtime_ns
            size = await asyncio.to_thread(tree_size, directory)
            title, is_busy = "local source for context", name in self._busy
            found.append(Usage(name[:_SHORT], CONTEXT, size, 0, used, 0, title, is_busy))
        return found

    async def prune(self, is_chosen: Callable[[str], bool] = lambda short: True) -> int:
        """Remove those that no build uses now and whose short ID *is_chosen*; bytes that were
        freed."""
        freed = 0
        for directory in sorted(self._root.iterdir()) if self._root.is_dir() else ():
            name = directory.name
            if name not in self._busy and is_chosen(name[:_SHORT]):
                freed += await self._remove(directory)
        return freed


def _key(session: Client, name: str) -> str:
    facts = "\0".join((session.owner, session.shared_key, name))
    return hashlib.sha256(facts.encode("utf-8", "surrogateescape")).hexdigest()
