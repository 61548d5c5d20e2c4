"""All volumes by name: a durable row and a directory each, in dockerd's layout."""

import asyncio
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec

from boxship.base.errors import NotFound
from boxship.base.futures import uninterrupted
from boxship.base.times import now_ns
from boxship.base.trees import remove_tree
from boxship.state.database import Database, Write
from boxship.volumes.volume import Volume

MIGRATIONS = ("CREATE TABLE volume (name TEXT PRIMARY KEY, body BLOB NOT NULL)",)
_FILLING = "_filling"


class Volumes:
    """Look-up and persistence; which containers use a volume is the caller's to know."""

    def __init__(self, root: Path, database: Database) -> None:
        self._root = root
        self._database = database
        root.mkdir(mode=0o710, exist_ok=True)
        # Programs in it that run as root belong to containers: no user of the host may reach them.
        root.chmod(0o710)
        decoder = msgspec.json.Decoder(Volume)
        rows = database.read("SELECT body FROM volume")
        self._by_name = {each.name: each for each in (decoder.decode(body) for (body,) in rows)}
        self._sweep()
        self._promised: set[str] = set()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def _sweep(self) -> None:
        """Directories without a row are of creations and removals that were cut off."""
        for entry in self._root.iterdir():
            if entry.is_dir() and entry.name not in self._by_name:
                remove_tree(entry)
            elif (entry / _FILLING).exists():
                remove_tree(entry / _FILLING)

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
        """Held while it is decided whether a volume's file system is mounted or shared, and
        while an empty volume gets a user who may fill it."""
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock

    def promise(
        self, name: str, labels: dict[str, str] | None, options: dict[str, str] | None
    ) -> Volume:
        """A new, empty volume that is gone at the next start unless :meth:`insertion` is written.

        The caller has checked that there is none of that *name*.
        """
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
        self._promised.add(name)
        return volume

    def insertion(self, volume: Volume) -> Write[None]:
        """What makes *volume* durable, also as a part of what its user writes."""
        row = (volume.name, msgspec.json.encode(volume))

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO volume VALUES (?, ?)", row)

        return write

    def keep(self, volumes: Iterable[Volume]) -> None:
        """They are durable now."""
        self._promised.difference_update(volume.name for volume in volumes)

    def is_promised(self, name: str) -> bool:
        """Whether the volume exists for a container that is still being made."""
        return name in self._promised

    async def create(
        self, name: str, labels: dict[str, str] | None, options: dict[str, str] | None
    ) -> Volume:
        """A new, empty and durable volume; see :meth:`promise`."""
        volume = self.promise(name, labels, options)
        try:
            await self._database.write(self.insertion(volume))
        except BaseException:
            del self._by_name[name]
            raise
        finally:
            self._promised.discard(name)
        return volume

    def begin_filling(self, volume: Volume) -> int:
        """A directory that :meth:`end_filling` puts in the place of the empty one; nobody may have
        that mounted. The caller closes it."""
        place = self._root / volume.name / _FILLING
        remove_tree(place)
        place.mkdir()
        old = os.stat(volume.mountpoint)
        os.chown(place, old.st_uid, old.st_gid)
        os.chmod(place, stat.S_IMODE(old.st_mode))
        return os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def end_filling(self, volume: Volume, complete: bool) -> None:
        """So a volume has all of the image's files or none."""
        place = self._root / volume.name / _FILLING
        if complete:
            os.rename(place, volume.mountpoint)
        else:
            remove_tree(place)

    async def remove(self, volume: Volume) -> None:
        """Forget the volume durably, then delete its files."""
        is_promised = volume.name in self._promised
        self._promised.discard(volume.name)
        del self._by_name[volume.name]
        try:
            if not is_promised:
                await self._database.execute("DELETE FROM volume WHERE name = ?", volume.name)
        except BaseException:
            # The volume is still durable, and can be removed again.
            self._by_name.setdefault(volume.name, volume)
            raise
        await uninterrupted(asyncio.to_thread(remove_tree, self._root / volume.name))
