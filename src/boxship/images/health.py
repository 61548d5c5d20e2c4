"""The HEALTHCHECK instruction."""

import json
import re
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.images.moments import parse_duration
from boxship.images.words import as_json_list

_FLAG = re.compile(r"--([a-z-]+)(?:=(\S*))?\s+")
_DURATIONS = {
    "interval": "Interval",
    "timeout": "Timeout",
    "start-period": "StartPeriod",
    "start-interval": "StartInterval",
}
_LEAST = 1_000_000  # dockerd refuses less than a millisecond


def parse_healthcheck(text: str) -> dict[str, Any]:
    """``[--flag=value …] CMD command`` or ``NONE``; durations become nanoseconds."""
    health: dict[str, Any] = {}
    while match := _FLAG.match(text):
        health |= _flag(match[1], match[2] or "")
        text = text[match.end() :]
    kind, _, command = text.partition(" ")
    command = command.strip()
    if kind.upper() == "NONE":
        if command:
            raise InvalidParameter("HEALTHCHECK NONE takes no arguments")
        return {"Test": ["NONE"]}
    if kind.upper() != "CMD":
        raise InvalidParameter(f"unknown type {json.dumps(kind)} in HEALTHCHECK (try CMD)")
    if not command:
        raise InvalidParameter("Missing command after HEALTHCHECK CMD")
    from_json = as_json_list(command)
    test = ["CMD", *from_json] if from_json is not None else ["CMD-SHELL", command]
    return {"Test": test, **health}


def _flag(name: str, value: str) -> dict[str, int]:
    if name in _DURATIONS:
        nanoseconds = parse_duration(value)
        if 0 < nanoseconds < _LEAST or nanoseconds < 0:
            raise InvalidParameter(f'Interval "{name}" cannot be less than 1ms')
        return {_DURATIONS[name]: nanoseconds}
    if name == "retries":
        if not value.isdecimal() or len(value) > 9:
            raise InvalidParameter(f"--retries must be at least 0 (not {value!r})")
        return {"Retries": int(value)}
    raise InvalidParameter(f"unknown flag: {name}")
