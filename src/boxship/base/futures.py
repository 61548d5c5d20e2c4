"""Futures: wanted done by several parties, or several that belong together."""

import asyncio
from collections.abc import Awaitable, Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


def settle(future: "asyncio.Future[None]") -> None:
    """Mark *future* done, if it is not."""
    if not future.done():
        future.set_result(None)


async def uninterrupted(work: Awaitable[T]) -> T:
    """Wait for the end of *work* even if the calling task is cancelled.

    Return its result: a cancellation then reaches the task at its next await, so that the code in
    between can bring the memory in line with what has been done. If *work* fails, raise the
    cancellation, if there is one, else the error.
    """
    future = asyncio.ensure_future(work)
    cancellation: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancellation = error
    if cancellation is None:
        return future.result()
    if future.cancelled() or future.exception() is not None:
        raise cancellation
    task = asyncio.current_task()
    assert task is not None
    # The count of requests stays the same: asyncio.timeout and TaskGroup compare it.
    task.uncancel()
    task.cancel(*cancellation.args)
    return future.result()


async def all_or_none(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of *works*, carried out at the same time, in their order.

    When one fails the others are cancelled, as all are when this is. What the first of those that
    have failed by themselves says is raised; nothing runs any more when this returns."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if task in done:
            task.result()
    return [task.result() for task in tasks]
