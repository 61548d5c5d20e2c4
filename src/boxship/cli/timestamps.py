"""``--since`` and ``--until``: points in time as the API takes them."""

from __future__ import annotations

import time

from boxship.base.errors import InvalidParameter
from boxship.cli.output.durations import parse_duration


def as_timestamp(text: str, field: str = "") -> str | None:
    """``10m`` ago, RFC 3339 (local time where it has no zone) or seconds, as seconds since the
    epoch with a fraction; None for "". :class:`InvalidParameter`, which names *field*."""
    if not text:
        return None
    if text == "0":
        # The beginning, not a moment ago.
        return text
    try:
        return _text(time.time_ns() - parse_duration(text))
    except ValueError:
        pass
    if text.replace(".", "", 1).isdigit():
        return text
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        where = f'invalid value for "{field}": ' if field else ""
        reason = f'failed to parse value as time or duration: "{text}"'
        raise InvalidParameter(where + reason) from None
    return _text(int(moment.timestamp() * 1_000_000) * 1000)


def _text(nanoseconds: int) -> str:
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    return f"{seconds}.{fraction:09d}"
