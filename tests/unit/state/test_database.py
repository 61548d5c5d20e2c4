"""The writer of the database goes on, whatever becomes of those who wait for it."""

import asyncio
import threading
from pathlib import Path

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
        await asyncio.wait({waiting})
        held.set()
        await database.execute("INSERT INTO row VALUES (?)", "waited for")
        assert waiting.cancelled() and first.done()

    asyncio.run(asyncio.wait_for(scenario(), 20))
    assert database.read("SELECT name FROM row") == [("nobody waits",), ("waited for",)]
    database.close()
