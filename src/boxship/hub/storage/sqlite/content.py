"""Blobs, uploads, manifests and tags in SQLite."""

import sqlite3

from boxship.hub.storage.records import (
    Blob,
    Manifest,
    MissingContent,
    NewManifest,
    Repository,
    Tag,
    Upload,
)
from boxship.state.database import Database

_LINK = (
    "INSERT INTO links VALUES (?, ?, ?)"
    " ON CONFLICT (repository, digest) DO UPDATE SET touched = excluded.touched"
)
_HAS_BLOB = "SELECT 1 FROM links WHERE repository = ? AND digest = ?"
_HAS_MANIFEST = "SELECT 1 FROM manifests WHERE repository = ? AND digest = ?"
_PUT = (
    "INSERT INTO manifests VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (repository, digest) DO UPDATE SET"
    " media_type = excluded.media_type, artifact_type = excluded.artifact_type,"
    " referrer = excluded.referrer, pushed = excluded.pushed"
)
_TAG = (
    "INSERT INTO tags VALUES (?, ?, ?, ?)"
    " ON CONFLICT (repository, name) DO UPDATE SET"
    " digest = excluded.digest, changed = excluded.changed"
)


class BlobTables:
    """The half of :class:`boxship.hub.storage.metadata.Content` about blobs and uploads."""

    _db: Database

    async def blob(self, repository: int, digest: str) -> Blob | None:
        rows = self._db.recall(
            "SELECT b.digest, size, key, touched FROM links l JOIN blobs b ON b.digest = l.digest"
            " WHERE l.repository = ? AND l.digest = ?",
            repository,
            digest,
        )
        return Blob(*rows[0]) if rows else None

    async def touch(self, repository: int, digest: str, now: float) -> None:
        sql = "UPDATE links SET touched = ? WHERE repository = ? AND digest = ?"
        await self._db.execute(sql, now, repository, digest)

    async def holders(self, digest: str) -> list[Repository]:
        rows = self._db.read(
            "SELECT id, name, public FROM links JOIN repositories ON id = repository"
            " WHERE digest = ? LIMIT 100",
            digest,
        )
        return [Repository(number, name, bool(public)) for number, name, public in rows]

    async def mount(self, repository: int, digest: str, now: float) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            # A blob without links is as good as collected.
            if not connection.execute("SELECT 1 FROM links WHERE digest = ?", (digest,)).fetchone():
                return False
            connection.execute(_LINK, (repository, digest, now))
            return True

        return await self._db.write(write)

    async def unlink(self, repository: int, digest: str) -> bool:
        sql = "DELETE FROM links WHERE repository = ? AND digest = ?"
        return await self._hit(sql, repository, digest)

    async def _hit(self, sql: str, *values: object) -> bool:
        return await self._db.write(lambda db: db.execute(sql, values).rowcount > 0)

    async def begin(self, key: str, repository: int, now: float) -> None:
        await self._db.execute("INSERT INTO uploads VALUES (?, ?, ?)", key, repository, now)

    async def upload(self, key: str, repository: int) -> Upload | None:
        sql = "SELECT key, repository, touched FROM uploads WHERE key = ? AND repository = ?"
        rows = self._db.read(sql, key, repository)
        return Upload(*rows[0]) if rows else None

    async def keep(self, key: str, now: float) -> None:
        await self._db.execute("UPDATE uploads SET touched = ? WHERE key = ?", now, key)

    async def publish(self, key: str, digest: str, size: int, now: float) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            sql = "SELECT repository FROM uploads WHERE key = ?"
            found = connection.execute(sql, (key,)).fetchone()
            if found is None:
                return False
            connection.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?)", (digest, size, key))
            connection.execute(_LINK, (found[0], digest, now))
            connection.execute("DELETE FROM uploads WHERE key = ?", (key,))
            return True

        return await self._db.write(write)

    async def cancel(self, key: str) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            connection.execute("DELETE FROM uploads WHERE key = ?", (key,))
            if connection.execute("SELECT 1 FROM blobs WHERE key = ?", (key,)).fetchone():
                return False
            connection.execute("INSERT OR IGNORE INTO garbage VALUES (?)", (key,))
            return True

        return await self._db.write(write)


class ManifestTables:
    """The half of :class:`boxship.hub.storage.metadata.Content` about manifests and tags."""

    _db: Database

    async def put_manifest(
        self, repository: int, manifest: NewManifest, tag: str | None, now: float
    ) -> None:
        def write(connection: sqlite3.Connection) -> None:
            _require(connection, _HAS_BLOB, repository, manifest.blobs)
            _require(connection, _HAS_MANIFEST, repository, manifest.manifests)
            connection.execute(
                _PUT,
                (
                    repository, manifest.digest, manifest.media_type, manifest.content,
                    manifest.subject, manifest.artifact_type, manifest.referrer, now,
                ),
            )  # fmt: skip
            parts = {*manifest.blobs, *manifest.manifests}
            connection.executemany(
                "INSERT OR IGNORE INTO parts VALUES (?, ?, ?)",
                [(repository, manifest.digest, part) for part in parts],
            )
            if tag is not None:
                connection.execute(_TAG, (repository, tag, manifest.digest, now))

        await self._db.write(write)

    async def manifest(self, repository: int, reference: str) -> Manifest | None:
        if ":" in reference:
            sql = (
                "SELECT digest, media_type, content FROM manifests"
                " WHERE repository = ? AND digest = ?"
            )
        else:
            sql = (
                "SELECT m.digest, media_type, content FROM tags t JOIN manifests m"
                " ON m.repository = t.repository AND m.digest = t.digest"
                " WHERE t.repository = ? AND t.name = ?"
            )
        rows = self._db.read(sql, repository, reference)
        return Manifest(*rows[0]) if rows else None

    async def remove_manifest(self, repository: int, digest: str) -> bool:
        sql = "DELETE FROM manifests WHERE repository = ? AND digest = ?"
        return await self._changed(sql, repository, digest)

    async def remove_tag(self, repository: int, tag: str) -> bool:
        return await self._changed(
            "DELETE FROM tags WHERE repository = ? AND name = ?", repository, tag
        )

    async def _changed(self, sql: str, *values: object) -> bool:
        return await self._db.write(lambda db: db.execute(sql, values).rowcount > 0)

    async def tags(self, repository: int, after: str, count: int) -> list[Tag]:
        rows = self._db.read(
            "SELECT t.name, t.digest, media_type, changed FROM tags t JOIN manifests m"
            " ON m.repository = t.repository AND m.digest = t.digest"
            " WHERE t.repository = ? AND (t.name COLLATE NOCASE, t.name) > (?, ?)"
            " ORDER BY t.name COLLATE NOCASE, t.name LIMIT ?",
            repository,
            after,
            after,
            count,
        )
        return [Tag(*row) for row in rows]

    async def referrers(
        self, repository: int, subject: str, artifact_type: str | None, after: str, count: int
    ) -> list[tuple[str, bytes]]:
        return self._db.read(
            "SELECT digest, referrer FROM manifests WHERE repository = ? AND subject = ?"
            " AND digest > ? AND artifact_type = coalesce(?, artifact_type)"
            " ORDER BY digest LIMIT ?",
            repository,
            subject,
            after,
            artifact_type,
            count,
        )


def _require(
    connection: sqlite3.Connection, sql: str, repository: int, digests: tuple[str, ...]
) -> None:
    for digest in digests:
        if connection.execute(sql, (repository, digest)).fetchone() is None:
            raise MissingContent(digest)
