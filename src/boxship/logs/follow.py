"""Waiting for a log to grow, without polling."""

import asyncio
import contextlib
import os

from boxship.base.futures import settle
from boxship.kernel import inotify


class Watch:
    """Notices writes to a file and its replacement; the directory exists, the file may not yet."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = inotify.create()
        inotify.watch(self._fd, os.path.dirname(path), inotify.CREATE | inotify.MOVED_TO)
        self._watch_file()

    def _watch_file(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            inotify.watch(self._fd, self._path, inotify.MODIFY)

    async def changed(self, ended: "asyncio.Future[None]") -> None:
        """Return when something happened to the file, or *ended* is done."""
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._fd, lambda: settle(ready))
        try:
            await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.remove_reader(self._fd)
        for _ in inotify.events(self._fd):
            pass
        self._watch_file()

    def close(self) -> None:
        os.close(self._fd)
