"""The ``Content-Type`` rule for JSON request bodies; :mod:`boxship.types.decode` reads them."""

import re

_MEDIA_TYPE = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z/-]+)\s*(?:;|\Z)")


def content_type_error(header: str | None, empty: bool) -> str | None:
    """Why *header* does not announce JSON, in Docker's words, or None when it does."""
    if empty and not header:
        return None
    match = _MEDIA_TYPE.match(header or "")
    if match is None:
        return f"malformed Content-Type header ({header or ''}): mime: no media type"
    media = match.group(1).lower()
    if media != "application/json":
        return f"unsupported Content-Type header ({media}): must be 'application/json'"
    return None
