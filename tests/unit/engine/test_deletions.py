"""Files of removed containers go without being waited for, and before the engine does."""

import asyncio

from boxship.engine.containers.deletions import Deletions


async def _put(names: str, deletions: Deletions) -> None:
    for name in names:
        deletions.put(name)


def test_they_go_by_themselves_in_order() -> None:
    deleted: list[str] = []

    async def scenario() -> None:
        loop, last = asyncio.get_running_loop(), asyncio.Event()

        def delete(name: str) -> None:
            deleted.append(name)
            if name == "d":
                loop.call_soon_threadsafe(last.set)

        deletions = Deletions(delete)
        await _put("abcd", deletions)
        assert deleted == []
        await asyncio.wait_for(last.wait(), 20)
        deletions.close()

    asyncio.run(scenario())
    assert deleted == ["a", "b", "c", "d"]


def test_the_end_waits_for_them() -> None:
    deleted: list[str] = []

    async def scenario() -> None:
        deletions = Deletions(deleted.append)
        await _put("ab", deletions)
        deletions.close()
        assert deleted == ["a", "b"]

    asyncio.run(scenario())
