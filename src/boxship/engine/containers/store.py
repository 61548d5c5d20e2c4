"""All containers by id and name; the durable copy is one row each."""

import asyncio
import re
import socket
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from boxship.base.errors import Conflict, InvalidParameter, NotFound
from boxship.engine.containers.container import Container
from boxship.engine.containers.unsaved import Row, Then, Unsaved, update
from boxship.engine.networks.record import Record
from boxship.runtime.supervisor import Shim
from boxship.state.database import Database, Write

MIGRATIONS = (
    "CREATE TABLE container (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, body BLOB NOT NULL)",
)
_PREFIX = re.compile(r"[0-9a-f]{1,64}\Z")


@dataclass(slots=True, eq=False)
class Exec:
    """An exec session. *pid* 0 before its start; *exit_code* None until its end.

    Times are nanoseconds since the epoch, 0 for never.
    """

    id: str
    container_id: str
    config: Any
    created: int
    running: bool = False
    pid: int = 0
    exit_code: int | None = None
    size: tuple[int, int] | None = None
    ended_at: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, eq=False)
class Live:
    """A container and what only this daemon process knows of it."""

    container: Container
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    shim: Shim | None = None
    leaving: Shim | None = None
    """That of the last run, until nothing is left of it."""
    network: Record | None = None
    parked: list[tuple[socket.socket, dict[str, Any]]] = field(default_factory=list)
    exit_waiters: list["asyncio.Future[int]"] = field(default_factory=list)
    removed: "asyncio.Future[int] | None" = None
    size: tuple[int, int] | None = None
    execs: dict[str, Exec] = field(default_factory=dict)
    restart_task: "asyncio.Task[None] | None" = None
    monitor: "asyncio.Task[None] | None" = None
    unhealthy: bool = False
    stopped_by_user: bool = False
    stopping: bool = False
    quick_restarts: int = 0
    volatile: bool = False
    """Its files need not survive a crash."""
    secret_env: list[str] = field(default_factory=list)
    """NAME=value pairs that the program gets and nobody else: they reach no disk."""
    trees: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Rootfs specs that image mounts of these names show."""
    above_image: list[dict[str, str]] = field(default_factory=list)
    """Layers of its rootfs spec that its image does not have, topmost first."""
    lent: "asyncio.Future[None] | None" = None
    """While somebody has borrowed its files, who sees to their deletion when it is removed."""

    @property
    def id(self) -> str:
        return self.container.id


class Containers:
    """Lookup, names and persistence."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unsaved = Unsaved(database)
        self._by_id: dict[str, Live] = {}
        self._by_name: dict[str, str] = {}
        decoder = msgspec.json.Decoder(Container)
        for (body,) in database.read("SELECT body FROM container"):
            self._adopt(Live(decoder.decode(body)))

    def _adopt(self, live: Live) -> None:
        self._by_id[live.id] = live
        self._by_name[live.container.name] = live.id

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter([*self._by_id.values()])

    def __len__(self) -> int:
        return len(self._by_id)

    def by_id(self, container_id: str) -> Live | None:
        return self._by_id.get(container_id)

    def get(self, reference: str) -> Live:
        """By full id, name (a leading slash is allowed), or unambiguous id prefix, in this order.

        :class:`NotFound` and :class:`InvalidParameter` in Docker's words.
        """
        if not reference:
            raise InvalidParameter("No container name or ID supplied")
        live = self._by_id.get(reference)
        if live is None:
            named = self._by_name.get(reference.removeprefix("/"))
            live = self._by_id.get(named) if named else self._by_prefix(reference)
        if live is None:
            raise NotFound(f"No such container: {reference}")
        return live

    def _by_prefix(self, prefix: str) -> Live | None:
        if not _PREFIX.match(prefix):
            return None
        found = [live for key, live in self._by_id.items() if key.startswith(prefix)]
        if len(found) > 1:
            raise InvalidParameter(f"multiple IDs found with provided prefix: {prefix}")
        return found[0] if found else None

    def reserve(self, name: str, container_id: str) -> None:
        """Take *name* before the container exists. :class:`Conflict` in Docker's words."""
        holder = self._by_name.get(name)
        if holder is not None:
            raise Conflict(
                f'Conflict. The container name "/{name}" is already in use by container '
                f'"{holder}". You have to remove (or rename) that container to be able to reuse '
                "that name."
            )
        self._by_name[name] = container_id

    def has_name(self, name: str) -> bool:
        return name in self._by_name

    def release(self, name: str) -> None:
        self._by_name.pop(name, None)

    async def add(self, live: Live, rows: Iterable[Write[None]] = ()) -> None:
        """Make a new container durable, then visible; all of *rows* with it, or nothing."""
        writes = [*rows, _insertion(live.container)]

        def write(connection: sqlite3.Connection) -> None:
            for each in writes:
                each(connection)

        self._unsaved.hurry()
        await self._database.write(write)
        self._adopt(live)

    async def save(self, live: Live) -> None:
        """Durable when it returns."""
        self._unsaved.hurry()
        await self._database.write(update([_row(live.container)]))

    def save_later(self, live: Live, then: Then | None = None) -> None:
        """Make the container as it is now durable in a moment, unless it is removed before: for
        changes that may be lost with the machine's power, and that its run directory tells until
        then. After that *then* is awaited."""
        self._unsaved.put(_row(live.container), then)

    def save_soon(self, live: Live) -> None:
        """Queue the durable copy of what was asked for, or cannot be found out again; only the
        machine's end keeps it from being written."""
        self._unsaved.hurry()
        self._database.submit(update([_row(live.container)]))

    async def close(self) -> None:
        """Nothing is changed any more."""
        await self._unsaved.close()

    async def rename(self, live: Live, name: str) -> None:
        """Take *name* durably; on any error the old name stays."""
        old = live.container.name
        self.reserve(name, live.id)
        live.container.name = name
        try:
            await self.save(live)
        except BaseException:
            live.container.name = old
            self.release(name)
            raise
        self.release(old)

    async def remove(self, live: Live) -> None:
        """Forget the container durably."""
        identity = live.id
        await self._database.execute("DELETE FROM container WHERE id = ?", identity)
        self._unsaved.drop(identity)
        self._by_id.pop(identity, None)
        if self._by_name.get(live.container.name) == identity:
            del self._by_name[live.container.name]


def _insertion(container: Container) -> Write[None]:
    row = (container.id, container.name, msgspec.json.encode(container))

    def write(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO container VALUES (?, ?, ?)", row)

    return write


def _row(container: Container) -> Row:
    return container.name, msgspec.json.encode(container), container.id
