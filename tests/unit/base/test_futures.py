"""Futures that belong together: all of their results, or the first error and nothing left."""

import asyncio

import pytest

from boxship.base.futures import all_or_none


def test_results_come_in_the_order_of_the_works() -> None:
    async def main() -> list[int]:
        first_may_end = asyncio.Event()

        async def first() -> int:
            await first_may_end.wait()
            return 1

        async def second() -> int:
            first_may_end.set()
            return 2

        return await all_or_none([first(), second()])

    assert asyncio.run(main()) == [1, 2]


async def _endless(ended: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        ended.append("waiting")


def test_an_error_ends_the_others_first() -> None:
    ended: list[str] = []

    async def fail(text: str) -> None:
        raise ValueError(text)

    async def main() -> None:
        with pytest.raises(ValueError, match="one"):
            await all_or_none([_endless(ended), fail("one"), fail("two")])
        assert ended == ["waiting"]

    asyncio.run(main())


def test_cancelling_it_ends_all() -> None:
    ended: list[str] = []

    async def main() -> None:
        task = asyncio.ensure_future(all_or_none([_endless(ended), _endless(ended)]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == ["waiting", "waiting"]

    asyncio.run(main())
