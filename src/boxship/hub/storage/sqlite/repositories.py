"""Repositories and rights in SQLite."""

import sqlite3

from boxship.base.errors import NotFound
from boxship.hub.storage.records import Repository, Right
from boxship.state.database import Database

_VISIBLE = """
SELECT id, name, public FROM repositories r WHERE name > ?2 AND (
    public OR EXISTS (SELECT 1 FROM users u WHERE u.name = ?1 AND (
        admin OR substr(r.name, 1, length(?1) + 1) = ?1 || '/'
        OR EXISTS (SELECT 1 FROM rights WHERE repository = r.id AND user = ?1)))
) ORDER BY name LIMIT ?3
"""
_FIND = "SELECT id, name, public FROM repositories WHERE name = ?"


class RepositoryTables:
    """:class:`boxship.hub.storage.metadata.Repositories`."""

    _db: Database

    async def repository(self, name: str) -> Repository | None:
        rows = self._db.recall(_FIND, name)
        return _repository(rows[0]) if rows else None

    async def ensure_repository(self, name: str) -> Repository:
        if found := await self.repository(name):
            return found

        def write(connection: sqlite3.Connection) -> Repository:
            connection.execute(
                "INSERT OR IGNORE INTO repositories (name, public) VALUES (?, 0)", (name,)
            )
            return _repository(connection.execute(_FIND, (name,)).fetchone())

        return await self._db.write(write)

    async def set_public(self, name: str, public: bool) -> None:
        await self._change(
            name, "UPDATE repositories SET public = ? WHERE name = ?", int(public), name
        )

    async def remove_repository(self, name: str) -> None:
        await self._change(name, "DELETE FROM repositories WHERE name = ?", name)

    async def _change(self, name: str, sql: str, *values: object) -> None:
        def write(connection: sqlite3.Connection) -> None:
            if not connection.execute(sql, values).rowcount:
                raise NotFound(f"no such repository: {name}")

        await self._db.write(write)

    async def visible(self, user: str | None, after: str, count: int) -> list[Repository]:
        return [_repository(row) for row in self._db.read(_VISIBLE, user, after, count)]

    async def repositories(self, after: str, count: int) -> list[Repository]:
        sql = "SELECT id, name, public FROM repositories WHERE name > ? ORDER BY name LIMIT ?"
        return [_repository(row) for row in self._db.read(sql, after, count)]

    async def right(self, user: str, name: str) -> Right:
        account = self._db.read("SELECT admin FROM users WHERE name = ?", user)
        if not account:
            return Right.NONE
        if account[0][0] or name.startswith(f"{user}/"):
            return Right.ADMIN
        rows = self._db.read(
            "SELECT max(public, coalesce(level, 0)) FROM repositories r"
            " LEFT JOIN rights ON repository = r.id AND user = ? WHERE r.name = ?",
            user,
            name,
        )
        return Right(rows[0][0]) if rows else Right.NONE

    async def grant(self, user: str, name: str, right: Right) -> None:
        def write(connection: sqlite3.Connection) -> None:
            found = connection.execute(_FIND, (name,)).fetchone()
            if found is None:
                raise NotFound(f"no such repository: {name}")
            if not connection.execute("SELECT 1 FROM users WHERE name = ?", (user,)).fetchone():
                raise NotFound(f"no such user: {user}")
            if right is Right.NONE:
                sql = "DELETE FROM rights WHERE repository = ? AND user = ?"
                connection.execute(sql, (found[0], user))
            else:
                sql = "INSERT OR REPLACE INTO rights VALUES (?, ?, ?)"
                connection.execute(sql, (found[0], user, int(right)))

        await self._db.write(write)

    async def grants(self, name: str) -> list[tuple[str, Right]]:
        rows = self._db.read(
            "SELECT user, level FROM rights JOIN repositories r ON r.id = repository"
            " WHERE r.name = ? ORDER BY user",
            name,
        )
        return [(user, Right(level)) for user, level in rows]


def _repository(row: tuple[int, str, int]) -> Repository:
    return Repository(row[0], row[1], bool(row[2]))
