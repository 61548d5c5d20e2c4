"""Durable copies of containers that may wait a moment: what changes meanwhile costs no further one.

Most containers that end are removed right after, and then need none.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable

from boxship.state.database import Database, Write

_log = logging.getLogger(__name__)
# Seconds.
_MOMENT = 0.1
#: Parameters of an update: name, body, id.
Row = tuple[str, bytes, str]
Then = Callable[[], Awaitable[None]]


class Unsaved:
    """Belongs to one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: dict[str, Row] = {}
        self._then: dict[str, Then] = {}
        self._task: asyncio.Task[None] | None = None

    def put(self, row: Row, then: Then | None = None) -> None:
        """Save *row* in a moment, unless a newer one takes its place; *then* is awaited after
        that."""
        self._rows[row[2]] = row
        if then is not None:
            self._then[row[2]] = then
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._later())

    def hurry(self) -> None:
        """Queue all rows now: before something that is saved at once, so that what is durable never
        is newer than what is not. What is to come after them does so in its time."""
        rows, self._rows = [*self._rows.values()], {}
        if rows:
            self._database.submit(update(rows))

    def drop(self, container_id: str) -> None:
        """There is no such container any more."""
        self._rows.pop(container_id, None)
        self._then.pop(container_id, None)

    async def _later(self) -> None:
        while self._rows or self._then:
            await asyncio.sleep(_MOMENT)
            try:
                await self.flush()
            except sqlite3.Error as error:
                # Of a container that runs, or has just ended, its run directory tells.
                _log.warning("states of containers are not saved: %s", error)

    async def flush(self) -> None:
        """Save all now; durable when it returns, and what is to come then has come."""
        rows, self._rows = [*self._rows.values()], {}
        then, self._then = [*self._then.values()], {}
        if rows or then:
            # Without rows it waits for those that have been queued.
            await self._database.write(update(rows))
        for each in then:
            await each()

    async def close(self) -> None:
        """Nothing is to be put any more."""
        if self._task is not None:
            self._task.cancel()
        await self.flush()


def update(rows: list[Row]) -> Write[None]:
    """What is saved after its removal must not come back."""

    def write(connection: sqlite3.Connection) -> None:
        connection.executemany("UPDATE container SET name = ?, body = ? WHERE id = ?", rows)

    return write
