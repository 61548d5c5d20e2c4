"""When to let a peer's data gather before it is read.

A peer that sends thousands of small messages, each with a system call of its own, would wake us for
each of them, which costs both sides more than the messages do. Such a one is read once a moment.
"""

#: Seconds. What fits into a socket's buffer meanwhile has to be less than the peer can send.
PAUSE = 0.001
_SMALL = 1024
_LARGE = 64 << 10
_IN_A_ROW = 16


class Haste:
    """Watches the reads of one connection."""

    def __init__(self) -> None:
        self._last = 0.0
        self._hasty = 0
        self._waits = False

    def should_wait(self, size: int, now: float) -> bool:
        """Whether to pause after a read of *size* bytes at *now*, seconds of any clock."""
        if self._waits:
            self._waits = _SMALL <= size < _LARGE
        else:
            is_hasty = size < _SMALL and now - self._last < PAUSE
            self._hasty = self._hasty + 1 if is_hasty else 0
            self._waits = self._hasty >= _IN_A_ROW
        if self._waits:
            self._hasty = 0
        self._last = now
        return self._waits
