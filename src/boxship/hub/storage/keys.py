"""Keys: random names of uploads, and of the blobs that they become."""

import re
import secrets

_KEY = re.compile(r"[0-9a-f]{32}\Z")


def new_key() -> str:
    return secrets.token_hex(16)


def is_key(text: str) -> bool:
    return _KEY.match(text) is not None
