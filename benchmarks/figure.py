"""What a figure is, and how a number is taken often enough to mean something."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from support.engines import Engine

SECONDS_PER_FIGURE = 20.0


@dataclass(frozen=True)
class Figure:
    """*measure* gives seconds (*unit* ``s`` or ``us``), bytes (``MB``), or a plain number (``x``);
    *budget* is the ratio to dockerd's, *ceiling* a limit for our own value."""

    name: str
    measure: Callable[[Engine], float]
    budget: float | None = None
    unit: str = "s"
    ceiling: float | None = None

    def shown(self, value: float | None) -> str:
        """*value* as text for a table."""
        if value is None:
            return "-"
        if self.unit == "x":
            return f"{value:.2f} x"
        if self.unit == "us":
            return f"{value * 1e6:.1f} us"
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
