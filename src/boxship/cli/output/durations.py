"""Spans of time: Go's notation (``1h30m``) and Docker's words (``About an hour``)."""

from __future__ import annotations

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}


def parse_duration(text: str) -> int:
    """Nanoseconds of a Go duration (pkg.go.dev/time, ParseDuration); ValueError otherwise."""
    sign = -1 if text.startswith("-") else 1
    rest = text.removeprefix("-").removeprefix("+")
    if rest == "0":
        return 0
    total = 0.0
    bad = ValueError(f'time: invalid duration "{text}"')
    while rest:
        number = _leading(rest, "0123456789.")
        rest = rest[len(number) :]
        unit = _leading(rest, "nuµμsmh")
        if unit not in _UNITS:
            if number and not unit:
                raise ValueError(f'time: missing unit in duration "{text}"')
            raise bad
        if number.count(".") > 1 or not number.strip("."):
            raise bad
        total += float(number) * _UNITS[unit]
        rest = rest[len(unit) :]
    if not text.strip("+-"):
        raise bad
    return sign * round(total)


def _leading(text: str, allowed: str) -> str:
    end = 0
    while end < len(text) and text[end] in allowed:
        end += 1
    return text[:end]


def human_duration(seconds: float) -> str:
    """The rough words of Docker's tables, without "ago"."""
    whole = int(seconds)
    if whole < 1:
        return "Less than a second"
    if whole == 1:
        return "1 second"
    if whole < 60:
        return f"{whole} seconds"
    minutes = whole // 60
    if minutes == 1:
        return "About a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    hours = int(seconds / 3600 + 0.5)
    if hours == 1:
        return "About an hour"
    if hours < 48:
        return f"{hours} hours"
    return _human_days(hours)


def _human_days(hours: int) -> str:
    if hours < 24 * 7 * 2:
        return f"{hours // 24} days"
    if hours < 24 * 30 * 2:
        return f"{hours // 24 // 7} weeks"
    if hours < 24 * 365 * 2:
        return f"{hours // 24 // 30} months"
    return f"{hours // 24 // 365} years"
