"""Content digests, ``algorithm:hex`` (OCI image-spec, descriptor.md, section Digests)."""

import hashlib
import re

from boxship.base.errors import InvalidParameter

_LENGTHS = {"sha256": 64, "sha512": 128}
_HEX = re.compile(r"[0-9a-f]+\Z")


def sha256(data: bytes) -> str:
    """The digest of *data* as ``sha256:<hex>``."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def is_digest(text: str) -> bool:
    algorithm, colon, value = text.partition(":")
    return bool(colon) and len(value) == _LENGTHS.get(algorithm, -1) and bool(_HEX.match(value))


def split_digest(text: str) -> tuple[str, str]:
    """Algorithm and hex of *text*; :class:`InvalidParameter` when it is no digest we verify."""
    if not is_digest(text):
        raise InvalidParameter(f"invalid digest {text!r}: expected sha256:<64 hex digits>")
    algorithm, _, value = text.partition(":")
    return algorithm, value
