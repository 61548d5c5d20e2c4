"""Layers reach the disk after they were announced, and are checked if the machine dies between.

Waiting for hundreds of megabytes to be written would double the time of an import. So a new layer
carries the machine's boot ID until its files are synced in the background; one that still carries
another boot's ID was caught by a crash and has to prove itself by its digests.
"""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from boxship.images import catalog
from boxship.images.catalog import Catalog, LayerRow
from boxship.images.layers import LayerStore

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PIECE = 1 << 20
# Seconds. Whoever brings an image in starts a container from it next: the disk is theirs first.
_PATIENCE = 0.5


def boot_id() -> str:
    """Of this boot of the machine."""
    return BOOT_ID.read_text().strip()


class Syncer:
    """Syncs new layers in the background."""

    def __init__(self, rows: Catalog, layers: LayerStore) -> None:
        self._catalog = rows
        self._layers = layers
        self._tasks: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()

    def start(self, diff_ids: Iterable[str]) -> None:
        """Make *diff_ids* durable soon; they may vanish meanwhile."""
        task = asyncio.create_task(self._sync(list(diff_ids)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        """Wait for everything that was started, which is done at once."""
        self._hurry.set()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _sync(self, diff_ids: list[str]) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), _PATIENCE)
        done = []
        for diff_id in diff_ids:
            try:
                await asyncio.to_thread(sync_tree, self._layers.directory(diff_id))
            except FileNotFoundError:
                continue
            done.append(diff_id)
        await self._catalog.write(lambda connection: catalog.mark_durable(connection, done))


def sync_tree(directory: Path) -> None:
    """fsync the files in *directory*, itself and its parent."""
    for path in (*sorted(directory.iterdir()), directory, directory.parent):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def damaged(rows: Iterable[LayerRow], layers: LayerStore) -> tuple[list[str], list[str]]:
    """(layers that a crash has cut short or lost, layers that it might have but did not).

    Reads whole files: call it off the event loop.
    """
    bad: list[str] = []
    good: list[str] = []
    boot = boot_id()
    for row in rows:
        if row.boot == "" and layers.index(row.diff_id).exists():
            continue
        if row.boot == boot:
            continue
        (good if _intact(row, layers) else bad).append(row.diff_id)
    return bad, good


def _intact(row: LayerRow, layers: LayerStore) -> bool:
    try:
        return (
            file_digest(layers.tar(row.diff_id)) == row.diff_id.partition(":")[2]
            and file_digest(layers.index(row.diff_id)) == row.index_digest
        )
    except OSError:
        return False


def file_digest(path: Path) -> str:
    """Hex SHA-256 of a file. Blocking."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
