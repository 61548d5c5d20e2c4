"""Small texts that several listings share: short ids, points in time."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def short_id(full: str) -> str:
    return full.removeprefix("sha256:")[:12]


def ellipsis(text: str, length: int) -> str:
    """At most *length* characters; a cut is marked."""
    return text if len(text) <= length else text[: length - 1] + "…"


def local_time(seconds: int) -> str:
    """Go's default text of a time: ``2026-01-31 10:00:00 +0000 UTC``."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z %Z", time.localtime(seconds))


def rfc3339_local(seconds: int) -> str:
    moment = time.localtime(seconds)
    zone = time.strftime("%z", moment)
    zone = "Z" if zone == "+0000" else f"{zone[:3]}:{zone[3:]}"
    return time.strftime("%Y-%m-%dT%H:%M:%S", moment) + zone


def ago(seconds: float) -> str:
    """How long before now the epoch time *seconds* was."""
    from boxship.base.durations import human_duration

    return human_duration(time.time() - seconds) + " ago"


def pairs(values: Mapping[str, str] | None) -> str:
    """Labels as one text, sorted."""
    return ",".join(f"{name}={value}" for name, value in sorted((values or {}).items()))
