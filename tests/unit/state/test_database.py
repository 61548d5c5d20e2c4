"""The writer of the database goes on, whatever becomes of those who wait for it."""

import asyncio
import sqlite3
import threading
from concurrent.futures import Future
from pathlib import Path

import pytest

from boxship.state.database import Database


def test_a_write_that_nobody_waits_for_any_more_is_carried_out(tmp_path: Path) -> None:
    database = Database(tmp_path / "test.db", ("CREATE TABLE row (name TEXT)",))

    async def scenario() -> None:
        held = threading.Event()
        first = database.submit(lambda connection: held.wait(10) and None)
        waiting = asyncio.create_task(
            database.execute("INSERT INTO row VALUES (?)", "nobody waits")
        )
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
        assert not waiting.done()
        held.set()
        await asyncio.wait({waiting})
        await database.execute("INSERT INTO row VALUES (?)", "waited for")
        assert waiting.cancelled() and first.done()

    asyncio.run(asyncio.wait_for(scenario(), 20))
    assert database.read("SELECT name FROM row") == [("nobody waits",), ("waited for",)]
    database.close()


def test_a_cancelled_writer_carries_on_after_its_write_until_it_waits_again(
    tmp_path: Path,
) -> None:
    """What is done in memory for a durable write is done; the cancellation comes after that."""
    database = Database(tmp_path / "test.db", ("CREATE TABLE row (name TEXT)",))
    reached: list[str] = []

    async def writer() -> None:
        await database.execute("INSERT INTO row VALUES (?)", "durable")
        reached.append("memory")
        await asyncio.sleep(0)
        reached.append("too far")

    async def scenario() -> None:
        held = threading.Event()
        database.submit(lambda connection: held.wait(10) and None)
        writing = asyncio.create_task(writer())
        await asyncio.sleep(0)
        for _ in range(3):
            writing.cancel()
            await asyncio.sleep(0)
        held.set()
        await asyncio.wait({writing})
        assert writing.cancelled()

    asyncio.run(asyncio.wait_for(scenario(), 20))
    assert reached == ["memory"]
    database.close()


def test_a_cancelled_write_that_fails_raises_the_cancellation(tmp_path: Path) -> None:
    database = Database(tmp_path / "test.db", ("CREATE TABLE row (name TEXT UNIQUE)",))
    insert = "INSERT INTO row VALUES (?)"

    async def scenario() -> None:
        await database.execute(insert, "taken")
        held = threading.Event()
        database.submit(lambda connection: held.wait(10) and None)
        writing = asyncio.create_task(database.execute(insert, "taken"))
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.sleep(0)
        held.set()
        await asyncio.wait({writing})
        assert writing.cancelled()

    asyncio.run(asyncio.wait_for(scenario(), 20))
    database.close()


def test_a_full_disk_fails_what_does_not_fit_and_nothing_after_it(tmp_path: Path) -> None:
    """A write that is too large takes those of its transaction along, and says so to each."""
    database = Database(tmp_path / "test.db", ("CREATE TABLE row (name TEXT)",))
    insert = "INSERT INTO row VALUES (?)"

    async def scenario() -> None:
        await database.write(
            lambda connection: connection.execute("PRAGMA max_page_count=20").fetchall()
        )
        held = threading.Event()
        database.submit(lambda connection: held.wait(10) and None)
        writes = [
            asyncio.create_task(database.execute(insert, name))
            for name in ("lost", "x" * 1_000_000, "kept")
        ]
        await asyncio.sleep(0)
        held.set()
        lost, large, kept = await asyncio.gather(*writes, return_exceptions=True)
        assert isinstance(lost, sqlite3.Error) and isinstance(large, sqlite3.Error)
        assert kept is None
        with pytest.raises(sqlite3.Error, match="full"):
            await database.execute(insert, "x" * 1_000_000)
        await database.execute(insert, "still here")

    asyncio.run(asyncio.wait_for(scenario(), 20))
    assert database.read("SELECT name FROM row") == [("kept",), ("still here",)]
    database.close()


def test_what_nobody_waits_for_keeps_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boxship.state.database._MOMENT", 600.0)
    path = tmp_path / "test.db"
    database = Database(path, ("CREATE TABLE row (name TEXT)",))
    insert = "INSERT INTO row VALUES (?)"

    def put(name: str) -> Future[object]:
        return database.later(lambda connection: connection.execute(insert, (name,)) and None)

    async def scenario() -> None:
        first = put("a"), put("b")
        await asyncio.to_thread(lambda: None)
        assert not any(one.done() for one in first)
        await database.execute(insert, "c")
        assert all(one.done() for one in first)
        put("d")
        database.close()
        monkeypatch.setattr("boxship.state.database._MOMENT", 0.0)

    asyncio.run(asyncio.wait_for(scenario(), 20))
    database = Database(path, ())
    assert database.read("SELECT name FROM row") == [("a",), ("b",), ("c",), ("d",)]

    async def in_a_moment() -> None:
        await asyncio.wrap_future(put("e"))

    asyncio.run(asyncio.wait_for(in_a_moment(), 20))
    database.close()


def test_what_is_recalled_is_never_older_than_what_anybody_has_committed(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    ours = Database(path, ("CREATE TABLE row (name TEXT)",))
    others = Database(path, ("CREATE TABLE row (name TEXT)",))
    ask = "SELECT count(*) FROM row WHERE name = ?"

    async def scenario() -> None:
        for count, writer in enumerate([ours, others, others, ours], 1):
            await writer.execute("INSERT INTO row VALUES (?)", "a")
            assert ours.recall(ask, "a") == others.recall(ask, "a") == [(count,)]
            assert ours.recall(ask, "a") is ours.recall(ask, "a")
            assert ours.recall(ask, "b") == [(0,)]

    asyncio.run(asyncio.wait_for(scenario(), 20))
    ours.close()
    others.close()
