"""The whole metadata store over one SQLite file."""

import fcntl
import os
from pathlib import Path

from boxship.hub.storage.sqlite.accounts import AccountTables
from boxship.hub.storage.sqlite.collection import CollectionTables
from boxship.hub.storage.sqlite.content import BlobTables, ManifestTables
from boxship.hub.storage.sqlite.repositories import RepositoryTables
from boxship.hub.storage.sqlite.schema import MIGRATIONS
from boxship.state.database import Database


class SqliteMetadata(RepositoryTables, BlobTables, ManifestTables, CollectionTables, AccountTables):
    """Owns the database *path*; several processes may have it open."""

    def __init__(self, path: Path) -> None:
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # one process makes the tables
            self._db = Database(path, MIGRATIONS)
            path.chmod(0o600)
        finally:
            os.close(lock)

    def close(self) -> None:
        self._db.close()
