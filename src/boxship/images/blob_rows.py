"""The database's side of compressed layers: which blob holds which layer, and who has it."""

from collections.abc import Iterable
from dataclasses import dataclass

from boxship.images.catalog import Change
from boxship.state.database import Database, Write


@dataclass(frozen=True, slots=True)
class BlobRow:
    """``size`` in bytes. The content was verified: it inflates to the layer ``diff_id``. ``urls``:
    where it lies when registries are not to distribute it."""

    digest: str
    diff_id: str
    media_type: str
    size: int
    urls: tuple[str, ...] = ()


class BlobRows:
    """Reads, and one write a change."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, change: "Write[None]") -> None:
        await self._database.write(change)

    def of_layer(self, diff_id: str) -> list[BlobRow]:
        """The compressed forms of a layer."""
        sql = (
            "SELECT digest, diff_id, media_type, size FROM image_blobs WHERE diff_id = ? "
            "ORDER BY digest"
        )
        rows = self._database.read(sql, diff_id)
        return [
            BlobRow(digest, of, media_type, size, self._urls(digest))
            for digest, of, media_type, size in rows
        ]

    def _urls(self, digest: str) -> tuple[str, ...]:
        sql = "SELECT url FROM image_blob_urls WHERE digest = ? ORDER BY position"
        return tuple(row[0] for row in self._database.read(sql, digest))

    def places(self, digest: str) -> list[str]:
        """Repositories (``domain/path``) that had the blob when we last met it there."""
        sql = "SELECT repository FROM image_blob_places WHERE digest = ? ORDER BY repository"
        return [row[0] for row in self._database.read(sql, digest)]

    def digests(self) -> set[str]:
        return {row[0] for row in self._database.read("SELECT digest FROM image_blobs")}

    def doubtful(self, boot: str) -> list[str]:
        """Blobs of an earlier boot that were not on disk for sure."""
        sql = "SELECT digest FROM image_blobs WHERE boot NOT IN ('', ?)"
        return [row[0] for row in self._database.read(sql, boot)]

    def stray(self) -> list[str]:
        """Blobs whose layer is gone."""
        sql = (
            "SELECT digest FROM image_blobs WHERE diff_id NOT IN (SELECT diff_id FROM image_layers)"
        )
        return [row[0] for row in self._database.read(sql)]


def add(connection: Change, rows: Iterable[BlobRow], boot: str, repository: str = "") -> None:
    """Record blobs, and that *repository* has them."""
    for row in rows:
        values = (row.digest, row.diff_id, row.media_type, row.size, boot)
        connection.execute("INSERT OR IGNORE INTO image_blobs VALUES (?, ?, ?, ?, ?)", values)
        urls = [(row.digest, position, url) for position, url in enumerate(row.urls)]
        connection.executemany("INSERT OR IGNORE INTO image_blob_urls VALUES (?, ?, ?)", urls)
        if repository:
            place = (row.digest, repository)
            connection.execute("INSERT OR IGNORE INTO image_blob_places VALUES (?, ?)", place)


def mark_durable(connection: Change, digests: Iterable[str]) -> None:
    rows = [(digest,) for digest in digests]
    connection.executemany("UPDATE image_blobs SET boot = '' WHERE digest = ?", rows)


def remove(connection: Change, digests: Iterable[str]) -> None:
    rows = [(digest,) for digest in digests]
    connection.executemany("DELETE FROM image_blob_urls WHERE digest = ?", rows)
    connection.executemany("DELETE FROM image_blob_places WHERE digest = ?", rows)
    connection.executemany("DELETE FROM image_blobs WHERE digest = ?", rows)
