"""What a figure is, and how a number is taken often enough to mean something."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from support.engines import Engine

SECONDS_PER_FIGURE = 20.0


@dataclass(frozen=True)
class Figure:
    """*measure* gives seconds, or bytes if *unit* is ``MB``; *budget* is the ratio to dockerd's."""

    name: str
    measure: Callable[[Engine], float]
    budget: float | None = None
    unit: str = "s"
    ceiling: float | None = None

    def shown(self, value: float | None) -> str:
        """*value* as text for a table."""
        if value is None:
            return "-"
        return f"{value / 1e6:.1f} MB" if self.unit == "MB" else f"{value:.4f} s"


def seconds(action: Callable[[], object]) -> float:
    """How long *action* takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def median(action: Callable[[], object], times: int) -> float:
    """The median duration of *action* over *times* runs (fewer if that takes too long) after one
    that does not count."""
    action()
    taken: list[float] = []
    while len(taken) < times and sum(taken) < SECONDS_PER_FIGURE:
        taken.append(seconds(action))
    return statistics.median(taken)
