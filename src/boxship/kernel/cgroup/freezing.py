"""Waiting for a freezer: poll(2) where the kernel notifies, short growing pauses where not."""

import time
from collections.abc import Callable

_FIRST_PAUSE, _LONGEST_PAUSE = 0.00005, 0.005
TIMEOUT = 10.0


def settle(done: Callable[[], bool], timeout: float = TIMEOUT) -> bool:
    """Whether *done* came true within *timeout* s."""
    deadline, pause = time.monotonic() + timeout, _FIRST_PAUSE
    while not done():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
    return True
