"""Extended attributes behind an inode (erofs_fs.h, inline xattrs)."""

import struct
from collections.abc import Mapping

from boxship.archive.errors import TarError
from boxship.archive.paths import shown

_PREFIXES = {"user.": 1, "trusted.": 4, "security.": 6}
_ACLS = {"system.posix_acl_access": 2, "system.posix_acl_default": 3}
_HEADER = bytes(12)
_MAX_SIZE = 12 + 4 * 0xFFFE
# Overlayfs believes these: an image must not bring its own.
_RESERVED = "trusted.overlay."


def encode(xattrs: Mapping[str, bytes], path: bytes, opaque: bool = False) -> bytes:
    """The inline area for these attributes, ``b""`` when nothing remains of them.

    Names outside the namespaces that the kernel knows are left out, as dockerd does on ENOTSUP.
    """
    entries = []
    if opaque:
        entries.append(_entry(4, b"overlay.opaque", b"y"))
    for name in sorted(xattrs):
        if not name.startswith(_RESERVED):
            entries += _encode_one(name, xattrs[name], path)
    if not entries:
        return b""
    area = _HEADER + b"".join(entries)
    if len(area) > _MAX_SIZE:
        raise TarError(f"{shown(path)}: extended attributes take more than {_MAX_SIZE} bytes")
    return area


def _encode_one(name: str, value: bytes, path: bytes) -> list[bytes]:
    acl = _ACLS.get(name)
    if acl is not None:
        if len(value) % 8 != 4 or value[:4] != b"\2\0\0\0":
            raise TarError(f"{shown(path)}: malformed {name}")
        return [_entry(acl, b"", value)]
    prefix, dot, rest = name.partition(".")
    index = _PREFIXES.get(prefix + dot)
    if index is None or not rest:
        return []
    suffix = rest.encode(errors="surrogateescape")
    if len(suffix) > 255 or len(value) > 0xFFFF:
        raise TarError(f"{shown(path)}: extended attribute {name[:80]} is too large")
    return [_entry(index, suffix, value)]


def _entry(index: int, suffix: bytes, value: bytes) -> bytes:
    entry = struct.pack("<BBH", len(suffix), index, len(value)) + suffix + value
    return entry + bytes(-len(entry) % 4)
