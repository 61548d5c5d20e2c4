"""Spans of time in Go's notation: ``1h30m``."""

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
