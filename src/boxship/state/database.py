"""One SQLite database and its writer thread.

Readers are plain selects on the caller's thread through :meth:`Database.read`. Writers are queued;
the thread takes what has gathered and commits it as one transaction (group commit), so that N
waiting writers pay for one fsync. A writer that raises is rolled back alone. Writes that nobody
waits for go along with others, or follow in a moment.
"""

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from boxship.base.errors import NotSupported
from boxship.base.futures import uninterrupted

T = TypeVar("T")
_MOST_RECALLED = 1000
# Seconds: while somebody is being answered, the writer's thread had better not ask for the
# interpreter.
_MOMENT = 0.025
Write = Callable[[sqlite3.Connection], T]
#: Told the result, or what went wrong.
_Tell = Callable[[Any, Exception | None], None]
_Job = tuple[Callable[[sqlite3.Connection], Any], _Tell]


def _make_private(path: Path) -> None:
    """It holds environments of programs; SQLite gives its further files the mode of the first."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        if file.exists():
            file.chmod(0o600)


class Database:
    """Owns the file *path*. *durable*: fsync at each commit (WAL, synchronous=FULL)."""

    def __init__(self, path: Path, migrations: Sequence[str], durable: bool = True) -> None:
        self._path = path
        self._durable = durable
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        # What nobody waits for; all but the queue's own is done with the lock.
        self._later: list[_Job] = []
        self._lock = threading.Lock()
        _make_private(path)
        self._reader = self._connect()
        self._recalled: dict[tuple[str, tuple[Any, ...]], list[Any]] = {}
        self._recalled_at = -1
        self._migrate(migrations)
        self._thread = threading.Thread(target=self._run, name=f"db-{path.name}", daemon=True)
        self._thread.start()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if self._durable else 'OFF'}")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    def _migrate(self, migrations: Sequence[str]) -> None:
        """Run the scripts above ``user_version``, each in its own transaction.

        Raise NotSupported if a newer release wrote the file: this one would break its rules.
        """
        (version,) = self._reader.execute("PRAGMA user_version").fetchone()
        if 0 < len(migrations) < version:
            self._reader.close()
            raise NotSupported(f"{self._path} was written by a newer release of boxship")
        for number, script in enumerate(migrations[version:], version + 1):
            self._reader.executescript(f"BEGIN; {script}; PRAGMA user_version={number}; COMMIT;")

    def read(self, sql: str, *parameters: Any) -> list[Any]:
        """Rows of a select; committed state only."""
        return self._reader.execute(sql, parameters).fetchall()

    def recall(self, sql: str, *parameters: Any) -> list[Any]:
        """As :meth:`read`, for point look-ups that come again: rows are kept until somebody, of
        whatever process, commits. The caller must not change the list."""
        # sqlite.org/pragma.html#pragma_data_version. Rows read after it are never older than it.
        (version,) = self._reader.execute("PRAGMA data_version").fetchone()
        if version != self._recalled_at or len(self._recalled) >= _MOST_RECALLED:
            self._recalled.clear()
            self._recalled_at = version
        key = (sql, parameters)
        rows = self._recalled.get(key)
        if rows is None:
            rows = self._recalled[key] = self.read(sql, *parameters)
        return rows

    def submit(self, write: Write[T]) -> "Future[T]":
        """Queue *write*; the future is done when its effect is durable (or has failed).

        It is carried out even if nobody waits for it any more.
        """
        future, job = _promised(write)
        self._queue(job)
        return future

    def later(self, write: Write[T]) -> "Future[T]":
        """As :meth:`submit`, with what comes next or a moment later: nobody waits for it. Called in
        an event loop."""
        future, job = _promised(write)
        with self._lock:
            self._later.append(job)
            is_first = len(self._later) == 1
        if is_first:
            asyncio.get_running_loop().call_later(_MOMENT, self._queue)
        return future

    def _queue(self, *jobs: _Job | None) -> None:
        """Behind those that have been put off: writes are carried out in the order of the calls."""
        with self._lock:
            for job in (*self._later, *jobs):
                self._jobs.put(job)
            self._later.clear()

    async def write(self, write: Write[T]) -> T:
        """Queue *write* and wait until it is durable or has failed.

        A cancelled caller waits too, and learns the outcome: see :func:`uninterrupted`. So the code
        right after this call, up to the next await, always goes with the write, and an ``except``
        around this call undoes what no write has made durable.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def tell(result: Any, error: Exception | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(_settle, future, result, error)

        self._queue((write, tell))
        return await uninterrupted(future)

    async def execute(self, sql: str, *parameters: Any) -> None:
        """Queue one statement and wait until it is durable."""
        await self.write(lambda connection: connection.execute(sql, parameters) and None)

    def close(self) -> None:
        """Finish what is queued and close the file."""
        self._queue(None)
        self._thread.join()
        self._reader.close()

    def _run(self) -> None:
        connection = self._connect()
        open_ = True
        while open_:
            jobs = [self._jobs.get()]
            while not self._jobs.empty():
                jobs.append(self._jobs.get())
            open_ = None not in jobs
            left = [job for job in jobs if job is not None]
            while left:
                left = self._commit(connection, left)
        connection.close()

    def _commit(self, connection: sqlite3.Connection, jobs: list[_Job]) -> list[_Job]:
        """Carry *jobs* out as one transaction; those that are to be done in another one."""
        done: list[tuple[_Tell, Any]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:  # another process keeps the file
            for _, tell in jobs:
                tell(None, error)
            return []
        alone = len(jobs) == 1
        for number, (write, tell) in enumerate(jobs, 1):
            if not alone:
                connection.execute("SAVEPOINT job")
            try:
                done.append((tell, write(connection)))
            except Exception as error:
                tell(None, error)
                if not connection.in_transaction:
                    # A full disk ends the whole transaction (sqlite.org/lang_transaction.html).
                    for tell_lost, _ in done:
                        tell_lost(None, error)
                    return jobs[number:]
                connection.execute("ROLLBACK" if alone else "ROLLBACK TO job")
                if alone:
                    return []
            if not alone:
                connection.execute("RELEASE job")
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for tell, _ in done:
                tell(None, error)
            return []
        for tell, result in done:
            tell(result, None)
        return []


def _promised(write: Write[T]) -> "tuple[Future[T], _Job]":
    future: Future[T] = Future()
    # One that could be cancelled could not be told its result by the writer.
    future.set_running_or_notify_cancel()
    return future, (write, lambda result, error: _settle(future, result, error))


def _settle(future: "Future[T] | asyncio.Future[T]", result: T, error: Exception | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
