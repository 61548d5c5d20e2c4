"""Points in time as integers of nanoseconds since the epoch, and their RFC 3339 texts."""

import re
import time
from calendar import timegm

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


def parse_rfc3339(text: str) -> int:
    """The inverse of :func:`rfc3339`; dates without a zone are UTC. :class:`InvalidParameter`."""
    match = _RFC3339.match(text)
    if match is None:
        raise InvalidParameter(f"invalid time {text!r}: expected RFC 3339")
    year, month, day, hour, minute, second, fraction, _, sign, off_h, off_m = match.groups()
    if int(year) <= 1:
        return 0
    seconds = timegm(
        (int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    )
    if sign:
        offset = int(off_h) * 3600 + int(off_m) * 60
        seconds -= offset if sign == "+" else -offset
    return seconds * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))
