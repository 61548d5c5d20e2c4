"""Identifiers of containers, execs and volumes: 64 lower-case hexadecimal digits."""

import re
import secrets

SHORT_LENGTH = 12
_FULL = re.compile(r"[0-9a-f]{64}\Z")


def new_id() -> str:
    """A fresh random identifier, never one that reads as a decimal number (a name may be one)."""
    while True:
        candidate = secrets.token_hex(32)
        if not candidate[:SHORT_LENGTH].isdigit():
            return candidate


def short_id(full: str) -> str:
    """The twelve digits that tables show; a ``sha256:`` prefix is dropped."""
    return full.removeprefix("sha256:")[:SHORT_LENGTH]


def is_full_id(text: str) -> bool:
    return _FULL.match(text) is not None
