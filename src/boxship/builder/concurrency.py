"""What bounds and joins steps that run at the same time, for one platform or several."""

import asyncio
import os
from collections import defaultdict
from dataclasses import dataclass, field

_AT_ONCE = 4  # steps for each processor: many of them wait for disks and networks


def _slots() -> asyncio.Semaphore:
    return asyncio.Semaphore(_AT_ONCE * (os.cpu_count() or 1))


@dataclass(slots=True)
class Concurrency:
    """*slots* bound how many steps run at the same time. Who holds the lock of a step's key in
    *making* makes it alone, though it may stand in several stages. *made*: keys of what has been
    made anew, which is found by equal steps though nothing older may be. *spent*: bytes of the
    configurations of images that stand for steps."""

    slots: asyncio.Semaphore = field(default_factory=_slots)
    making: defaultdict[str, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )
    made: set[str] = field(default_factory=set)
    spent: int = 0
