"""The ``platform`` parameter, which came to some operations late and as JSON."""

from typing import Any

import msgspec

from boxship.api.request import Request, Version
from boxship.base.errors import InvalidParameter


def requested_platform(request: Request, since: Version) -> str | None:
    """``os/architecture/variant`` as asked for, None when the version has no such parameter."""
    text = request.query.get("platform")
    if not text or request.version < since:
        return None
    if not text.startswith("{"):
        return text
    try:
        value: Any = msgspec.json.decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        raise InvalidParameter(f"failed to parse platform: {text}") from None
    parts = [value.get(key) or "" for key in ("os", "architecture", "variant")]
    if not all(isinstance(part, str) for part in parts) or not parts[0] or not parts[1]:
        raise InvalidParameter(f"both OS and Architecture must be provided: {text}")
    return "/".join(part for part in parts if part)
