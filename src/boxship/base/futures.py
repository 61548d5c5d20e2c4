"""Futures that several parties may want to be done."""

import asyncio


def settle(future: "asyncio.Future[None]") -> None:
    """Mark *future* done, if it is not."""
    if not future.done():
        future.set_result(None)
