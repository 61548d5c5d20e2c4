"""Names of repositories and references (distribution-spec, section Pulling manifests)."""

import re

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*\Z")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\Z")
_NAME_LENGTH = 255


def is_name(text: str) -> bool:
    """Whether *text* names a repository: no empty part, no dots alone, nothing that climbs."""
    return len(text) <= _NAME_LENGTH and _NAME.match(text) is not None


def is_tag(text: str) -> bool:
    return _TAG.match(text) is not None
