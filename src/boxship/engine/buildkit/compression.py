"""``compression=``, ``force-compression=`` and ``compression-level=`` of exporters."""

import re
from collections.abc import Mapping

from boxship.base.errors import InvalidParameter, NotSupported
from boxship.engine.buildkit import switches
from boxship.images.compress import GZIP, PLAIN, ZSTD, Compression

_LEVEL = re.compile(r"[+-]?[0-9]{1,40}\Z")
_INT64 = 1 << 63


def asked(attrs: Mapping[str, str]) -> Compression | None:
    """What *attrs* want of layers, None when that is nothing. :class:`InvalidParameter`, and
    :class:`NotSupported` for compressions that BuildKit has and we have not."""
    kind = attrs.get("compression", "")
    if kind == "estargz":
        raise NotSupported(
            "compression estargz is not supported (images are never pulled in parts here): "
            "use gzip, zstd or uncompressed"
        )
    if kind not in ("", GZIP, ZSTD, PLAIN):
        raise InvalidParameter(f"unsupported compression type {kind}")
    force = switches.is_on(attrs, "force-compression")
    text = attrs.get("compression-level")
    if not kind and text is None and not force:
        return None
    return Compression(kind or GZIP, None if text is None else _level(text), force)


def _level(text: str) -> int:
    level = int(text) if _LEVEL.match(text) else _INT64
    if not -_INT64 <= level < _INT64:
        raise InvalidParameter(f"non-integer value {text[:100]} specified for compression-level")
    return level
