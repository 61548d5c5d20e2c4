"""Users, their secrets and failed logins in SQLite."""

import sqlite3

from boxship.base.errors import Conflict, NotFound
from boxship.hub.storage.records import Right, Secret, User
from boxship.state.database import Database

_USER = "SELECT name, password, admin, created FROM users"
_SECRET = "SELECT id, user, kind, label, most, created, expires, origin FROM secrets"
# Counters of failed logins that are kept at most.
_MOST_ATTEMPTS = 10_000


class AccountTables:
    """:class:`boxship.hub.storage.metadata.Accounts`."""

    _db: Database

    async def user(self, name: str) -> User | None:
        rows = self._db.read(f"{_USER} WHERE name = ?", name)
        return _user(rows[0]) if rows else None

    async def users(self) -> list[User]:
        rows = self._db.read(f"{_USER} ORDER BY name")
        return [_user(row) for row in rows]

    async def add_user(self, user: User) -> None:
        values = (user.name, user.password, int(user.admin), user.created)

        def write(connection: sqlite3.Connection) -> None:
            sql = "INSERT OR IGNORE INTO users VALUES (?, ?, ?, ?)"
            if not connection.execute(sql, values).rowcount:
                raise Conflict(f"there is a user {user.name} already")

        await self._db.write(write)

    async def remove_user(self, name: str) -> None:
        def write(connection: sqlite3.Connection) -> None:
            if not connection.execute("DELETE FROM users WHERE name = ?", (name,)).rowcount:
                raise NotFound(f"no such user: {name}")

        await self._db.write(write)

    async def set_password(self, name: str, password: str) -> None:
        def write(connection: sqlite3.Connection) -> None:
            sql = "UPDATE users SET password = ? WHERE name = ?"
            if not connection.execute(sql, (password, name)).rowcount:
                raise NotFound(f"no such user: {name}")
            connection.execute("DELETE FROM secrets WHERE user = ? AND kind != 'machine'", (name,))

        await self._db.write(write)

    async def add_secret(self, secret: Secret, digest: str, password: str | None = None) -> bool:
        sql = (
            "INSERT INTO secrets (digest, user, kind, label, most, created, expires, origin)"
            " SELECT ?, name, ?, ?, ?, ?, ?, ? FROM users"
            " WHERE name = ? AND password = coalesce(?, password)"
            " AND (? IS NULL OR EXISTS (SELECT 1 FROM secrets WHERE id = ? AND user = name))"
        )
        values = (
            *(digest, secret.kind, secret.label, int(secret.most), secret.created, secret.expires),
            *(secret.origin, secret.user, password, secret.origin, secret.origin),
        )
        return await self._db.write(lambda db: db.execute(sql, values).rowcount > 0)

    async def secret(self, digest: str, now: float) -> Secret | None:
        sql = f"{_SECRET} WHERE digest = ? AND coalesce(expires, ?) >= ?"
        rows = self._db.read(sql, digest, now, now)
        return _secret(rows[0]) if rows else None

    async def secrets(self, user: str) -> list[Secret]:
        return [_secret(r) for r in self._db.read(f"{_SECRET} WHERE user = ? ORDER BY id", user)]

    async def remove_secret(self, user: str, number: int) -> bool:
        sql = "DELETE FROM secrets WHERE user = ? AND id = ?"
        return await self._db.write(lambda db: db.execute(sql, (user, number)).rowcount > 0)

    async def end_secret(self, digest: str) -> None:
        await self._db.execute("DELETE FROM secrets WHERE digest = ?", digest)

    async def attempt(self, limits: dict[str, int], now: float, window: float) -> float:
        def write(connection: sqlite3.Connection) -> float:
            wait = 0.0
            for key, limit in limits.items():
                sql = "DELETE FROM attempts WHERE key = ? AND since <= ?"
                connection.execute(sql, (key, now - window))
                sql = "SELECT count, since FROM attempts WHERE key = ?"
                count, since = connection.execute(sql, (key,)).fetchone() or (0, now)
                if count >= limit:
                    wait = max(wait, since + window - now)
            if not wait:
                connection.executemany(
                    "INSERT INTO attempts VALUES (?, 1, ?)"
                    " ON CONFLICT (key) DO UPDATE SET count = count + 1",
                    [(key, now) for key in limits],
                )
                _bound_attempts(connection, now - window)
            return wait

        return await self._db.write(write)

    async def succeeded(self, keys: list[str]) -> None:
        def write(connection: sqlite3.Connection) -> None:
            sql = "UPDATE attempts SET count = count - 1 WHERE key = ? AND count > 0"
            connection.executemany(sql, [(key,) for key in keys])

        await self._db.write(write)


def _bound_attempts(connection: sqlite3.Connection, ended: float) -> None:
    """Keep at most ``_MOST_ATTEMPTS`` counters: remove ended ones, then the lowest."""
    count = "SELECT count(*) FROM attempts"
    if connection.execute(count).fetchone()[0] <= _MOST_ATTEMPTS:
        return
    connection.execute("DELETE FROM attempts WHERE since <= ?", (ended,))
    excess = connection.execute(count).fetchone()[0] - _MOST_ATTEMPTS
    lowest = "SELECT key FROM attempts ORDER BY count, since LIMIT ?"
    connection.execute(f"DELETE FROM attempts WHERE key IN ({lowest})", (max(excess, 0),))


def _user(row: tuple[str, str, int, float]) -> User:
    return User(row[0], row[1], bool(row[2]), row[3])


def _secret(row: tuple[int, str, str, str, int, float, float | None, int | None]) -> Secret:
    return Secret(row[0], row[1], row[2], row[3], Right(row[4]), row[5], row[6], row[7])
