"""All volumes by name: a durable row and a directory each, in dockerd's layout."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec

from boxship.base.errors import NotFound
from boxship.base.times import now_ns
from boxship.state.database import Database
from boxship.volumes.volume import Volume

MIGRATIONS = ("CREATE TABLE volume (name TEXT PRIMARY KEY, body BLOB NOT NULL)",)


class Volumes:
    """Look-up and persistence; which containers use a volume is the caller's to know."""

    def __init__(self, root: Path, database: Database) -> None:
        self._root = root
        self._database = database
        root.mkdir(mode=0o701, exist_ok=True)
        decoder = msgspec.json.Decoder(Volume)
        rows = database.read("SELECT body FROM volume")
        self._by_name = {each.name: each for each in (decoder.decode(body) for (body,) in rows)}
        self._sweep()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def _sweep(self) -> None:
        """Directories without a row are of creations and removals that were cut off."""
        for entry in self._root.iterdir():
            if entry.is_dir() and entry.name not in self._by_name:
                shutil.rmtree(entry, ignore_errors=True)

    def __iter__(self) -> Iterator[Volume]:
        return iter(sorted(self._by_name.values(), key=lambda volume: volume.name))

    def find(self, name: str) -> Volume | None:
        return self._by_name.get(name)

    def get(self, name: str) -> Volume:
        """:class:`NotFound` in Docker's words."""
        volume = self._by_name.get(name)
        if volume is None:
            raise NotFound(f"get {name}: no such volume")
        return volume

    def lock(self, name: str) -> asyncio.Lock:
        """Held while it is decided whether a volume's file system is mounted or shared."""
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock

    async def create(
        self, name: str, labels: dict[str, str] | None, options: dict[str, str] | None
    ) -> Volume:
        """A new, empty volume; the caller has checked that there is none of that *name*."""
        directory = self._root / name
        (directory / "_data").mkdir(parents=True, exist_ok=True)
        directory.chmod(0o701)
        (directory / "_data").chmod(0o755)
        volume = Volume(
            name=name,
            mountpoint=str(directory / "_data"),
            created=now_ns(),
            labels=labels,
            options=options,
        )
        # Visible at once, so that two creations of one name meet.
        self._by_name[name] = volume
        body = msgspec.json.encode(volume)
        try:
            await self._database.execute("INSERT INTO volume VALUES (?, ?)", name, body)
        except BaseException:
            del self._by_name[name]
            raise
        return volume

    async def remove(self, volume: Volume) -> None:
        """Forget the volume durably, then delete its files."""
        del self._by_name[volume.name]
        await self._database.execute("DELETE FROM volume WHERE name = ?", volume.name)
        await asyncio.to_thread(shutil.rmtree, self._root / volume.name, True)
