"""How fast a transfer is, and how long it will still take, out of the amounts seen so far."""

from __future__ import annotations

from collections import deque

WINDOW = 5.0  # seconds that count
_LONGEST = 360_000.0  # seconds of which it is worth to speak
_LEAST = 0.5  # seconds of which something can be said


class Pace:
    """One transfer. Its first amount is where it began: what was there before was not fast."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def at(self, now: float, current: int) -> float | None:
        """Bytes a second when *current* bytes have arrived at *now* (seconds); None where that
        cannot be said yet."""
        if self._seen and current < self._seen[-1][1]:
            self._seen.clear()  # begun anew
        self._seen.append((now, current))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW:
            self._seen.popleft()
        since, amount = self._seen[0]
        return (current - amount) / (now - since) if now - since >= _LEAST else None


def time_left(left: int, rate: float | None) -> str:
    """How long *left* bytes take at *rate*, for people; "" where nobody knows."""
    if not rate or left <= 0 or left / rate > _LONGEST:
        return ""
    seconds = int(left / rate) + 1
    if seconds < 60:
        return f"{seconds}s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}m{seconds:02}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m"
