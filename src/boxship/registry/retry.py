"""When to ask again, and how long to wait before."""

import email.utils
import random
import time

ATTEMPTS = 5
_FIRST, _LONGEST = 0.25, 10.0  # seconds
_MOST_PATIENCE = 60.0
_TRANSIENT = frozenset((408, 429, 500, 502, 503, 504))


def is_transient(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status in _TRANSIENT


def delay(attempt: int, retry_after: str = "") -> float | None:
    """Seconds to wait after the failed *attempt* (0 is the first).

    A ``Retry-After`` header (RFC 9110, section 10.2.3) overrides the back-off. None: give up, as
    the attempts are used up or the registry wants us to wait unreasonably long.
    """
    if attempt + 1 >= ATTEMPTS:
        return None
    asked = _seconds(retry_after)
    if asked is not None:
        return asked if asked <= _MOST_PATIENCE else None
    pause: float = min(_FIRST * 2**attempt, _LONGEST)
    return pause * (0.75 + random.random() / 2)


def _seconds(text: str) -> float | None:
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at: float = email.utils.parsedate_to_datetime(text).timestamp()
        return max(at - time.time(), 0.0)
    except (ValueError, OverflowError, TypeError):
        return None
