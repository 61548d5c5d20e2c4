"""Files of containers that are no more: they go a moment later, many at a time.

Each call to the system asks for the interpreter afterwards, for which requests have better use; and
a thread that sleeps between two containers takes longer over each of them.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

# Seconds.
_MOMENT = 0.1


class Deletions:
    """Belongs to one event loop. *delete* gets the id of a container, in a thread."""

    def __init__(self, delete: Callable[[str], None]) -> None:
        self._delete = delete
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="deletion")
        self._waiting: list[str] = []

    def put(self, container_id: str) -> None:
        """Nobody waits for it, and the next daemon sweeps what this one does not get to."""
        if not self._waiting:
            asyncio.get_running_loop().call_later(_MOMENT, self._begin)
        self._waiting.append(container_id)

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._executor.submit(self._work, waiting)

    def _work(self, waiting: list[str]) -> None:
        for container_id in waiting:
            self._delete(container_id)

    def close(self) -> None:
        """When all are gone."""
        self._begin()
        self._executor.shutdown()
