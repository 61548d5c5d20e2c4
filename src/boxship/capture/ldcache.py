"""glibc's ``/etc/ld.so.cache``: which file ldconfig found for which library name.

The layout is that of ``struct cache_file_new`` in glibc's dl-cache.h, in host byte order.
"""

import struct

_MAGIC = b"glibc-ld.so.cache1.1"
_HEADER = 48
_ENTRY = struct.Struct("=iIIIQ")


def read(data: bytes) -> dict[str, list[str]]:
    """Library name -> paths, best first. What is damaged counts as absent."""
    start = data.find(_MAGIC)
    if start < 0 or len(data) < start + _HEADER:
        return {}
    (count,) = struct.unpack_from("=I", data, start + len(_MAGIC))
    found: dict[str, list[str]] = {}
    for index in range(count):
        at = start + _HEADER + index * _ENTRY.size
        if at + _ENTRY.size > len(data):
            break
        _, name, path, _, _ = _ENTRY.unpack_from(data, at)
        key, value = _text(data, start + name), _text(data, start + path)
        if key and value.startswith("/"):
            found.setdefault(key, []).append(value)
    return found


def _text(data: bytes, at: int) -> str:
    end = data.find(b"\0", at)
    return data[at:end].decode(errors="surrogateescape") if 0 <= at < end else ""
