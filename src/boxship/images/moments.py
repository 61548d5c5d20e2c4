"""Durations as Go writes them, and the ``until`` filter: a point in time, or how long ago."""

import re

from boxship.base.errors import InvalidParameter
from boxship.base.times import now_ns, parse_rfc3339

_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9}
_UNITS["h"] = 3600 * 10**9
_PART = r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)"
_DURATION = re.compile(rf"-?(?:{_PART})+\Z")
_SECONDS = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?\Z")


def parse_duration(text: str) -> int:
    """Nanoseconds of ``1h30m`` and the like; :class:`InvalidParameter` when *text* is none."""
    if text == "0":
        return 0
    if not _DURATION.match(text) or len(text) > 100:
        raise InvalidParameter(f'time: invalid duration "{text}"')
    total = sum(float(n) * _UNITS[unit] for n, unit in re.findall(_PART, text))
    return int(-total if text.startswith("-") else total)


def parse_until(text: str) -> int:
    """Nanoseconds since 1970; :class:`InvalidParameter` when *text* is neither."""
    if _DURATION.match(text):
        return now_ns() - parse_duration(text)
    seconds = _SECONDS.match(text)
    if seconds:
        return int(seconds[1]) * 10**9 + int((seconds[2] or "0").ljust(9, "0"))
    try:
        return parse_rfc3339(text)
    except (InvalidParameter, ValueError):
        raise InvalidParameter(f'failed to parse value as time or duration: "{text}"') from None
