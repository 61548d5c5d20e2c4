"""Numbers as headers and PAX records spell them (POSIX.1-2001 pax, GNU tar manual)."""

import re
from functools import lru_cache

from boxship.archive.errors import TarError

_TIME = re.compile(rb"(-?)([0-9]{1,20})(?:\.([0-9]*))?\Z").match
NANOSECONDS = 1_000_000_000


def _field(field: bytes) -> int:
    if field[0] & 0x80:
        return _base256(field)
    digits = field.strip(b" \0").partition(b"\0")[0].rstrip(b" ")
    if not digits:
        return 0
    try:
        if digits.isdigit():
            return int(digits, 8)
    except ValueError:
        pass
    raise TarError(f"invalid tar header: {field!r} is not an octal number")


def _base256(field: bytes) -> int:
    bits = 8 * len(field) - 1
    value = int.from_bytes(field, "big") & ((1 << bits) - 1)
    return value - (1 << bits) if value >> (bits - 1) else value


# Owners, modes and times repeat from one header to the next.
number = lru_cache(maxsize=8192)(_field)
number.__doc__ = "A header's numeric field: octal text or GNU base-256; empty is 0."


def decimal(value: bytes, what: str) -> int:
    """An unsigned decimal of at most 20 digits, as in PAX records and sparse maps."""
    if not value.isdigit() or len(value) > 20:
        raise TarError(f"invalid tar header: {what} {value[:40]!r} is not a number")
    return int(value)


def timestamp(value: bytes) -> int:
    """A PAX time (seconds with any number of decimals) in nanoseconds, rounded down."""
    match = _TIME(value)
    if match is None:
        raise TarError(f"invalid tar header: {value[:40]!r} is not a time")
    sign, seconds, fraction = match.groups()
    fraction = fraction or b""
    ns = int(seconds) * NANOSECONDS + int(fraction[:9].ljust(9, b"0"))
    if not sign:
        return ns
    return -ns - 1 if fraction[9:].strip(b"0") else -ns
