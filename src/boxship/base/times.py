"""Points in time as integers of nanoseconds since the epoch, and their RFC 3339 texts."""

import re
import time

from boxship.base.errors import InvalidParameter

ZERO = "0001-01-01T00:00:00Z"
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?)?)?"
    r"(?:([Zz])|([+-])(\d\d):?(\d\d))?\Z"
)


def now_ns() -> int:
    return time.time_ns()


def rfc3339(ns: int) -> str:
    """*ns* as Go's RFC3339Nano prints it: UTC, trailing zeros of the fraction dropped."""
    if not ns:
        return ZERO
    seconds, fraction = divmod(ns, 1_000_000_000)
    base = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    digits = f".{fraction:09d}".rstrip("0").rstrip(".")
    return f"{base}{digits}Z"


def rfc3339_fixed(ns: int) -> str:
    """*ns* with all nine digits, the form of log time stamps."""
    seconds, fraction = divmod(ns, 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{fraction:09d}Z"


def go_duration(ns: int) -> str:
    """*ns*, 0 or at least a millisecond, as Go prints it: ``1m30s``, ``1.5s``, ``100ms``."""
    below_a_second = 0 < ns < 1_000_000_000
    size, unit = (1_000_000, "ms") if below_a_second else (1_000_000_000, "s")
    minutes, rest = (0, ns) if below_a_second else divmod(ns, 60 * size)
    hours, minutes = divmod(minutes, 60)
    whole, fraction = divmod(rest, size)
    digits = f".{fraction:0{len(str(size)) - 1}d}".rstrip("0").rstrip(".")
    above = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{above}{whole}{digits}{unit}"


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01. Not by datetime: shims import this module and pay for its memory.

    Counted in years that begin with March, so that a leap day is a year's last one.
    """
    year, month = (year - 1, month + 9) if month < 3 else (year, month - 3)
    leap_days = year // 4 - year // 100 + year // 400
    return year * 365 + leap_days + (153 * month + 2) // 5 + day - 719469


def parse_rfc3339(text: str) -> int:
    """The inverse of :func:`rfc3339`; dates without a zone are UTC. :class:`InvalidParameter`."""
    match = _RFC3339.match(text)
    if match is None:
        raise InvalidParameter(f"invalid time {text!r}: expected RFC 3339")
    year, month, day, hour, minute, second, fraction, _, sign, off_h, off_m = match.groups()
    if int(year) <= 1:
        return 0
    if not 1 <= int(month) <= 12:
        raise InvalidParameter(f"invalid time {text!r}: month out of range")
    days = _days(int(year), int(month), int(day))
    seconds = ((days * 24 + int(hour or 0)) * 60 + int(minute or 0)) * 60 + int(second or 0)
    if sign:
        offset = int(off_h) * 3600 + int(off_m) * 60
        seconds -= offset if sign == "+" else -offset
    return seconds * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))
