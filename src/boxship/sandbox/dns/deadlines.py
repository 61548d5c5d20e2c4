"""Things that must not take longer than some time, the same for all of them."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from boxship.sandbox.loop import Loop

T = TypeVar("T")


class Deadlines(Generic[T]):
    """``expired(item)`` is called *seconds* after the item was last set, unless it is dropped."""

    def __init__(self, loop: Loop, seconds: float, expired: Callable[[T], None]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._expired = expired
        self._due: dict[T, float] = {}
        self._armed = False

    def __len__(self) -> int:
        return len(self._due)

    def set(self, item: T) -> None:
        """Its time begins now. The oldest is first, since all have the same time."""
        self._due.pop(item, None)
        self._due[item] = time.monotonic() + self._seconds
        self._arm()

    def drop(self, item: T) -> None:
        self._due.pop(item, None)

    def items(self) -> list[T]:
        """All that are set."""
        return [*self._due]

    def _arm(self) -> None:
        if self._due and not self._armed:
            self._armed = True
            first = next(iter(self._due.values()))
            self._loop.after(max(0.0, first - time.monotonic()), self._check)

    def _check(self) -> None:
        self._armed = False
        now = time.monotonic()
        for item in [item for item, due in self._due.items() if due <= now]:
            del self._due[item]
            self._expired(item)
        self._arm()
