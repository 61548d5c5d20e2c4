"""Extended attributes behind an inode (erofs_fs.h, inline xattrs)."""

import struct

from boxship.archive.entry import Entry, Kind
from boxship.archive.errors import TarError
from boxship.archive.paths import shown

_USER = 1
_PREFIXES = {"user.": _USER, "trusted.": 4, "security.": 6}
_ACLS = {"system.posix_acl_access": 2, "system.posix_acl_default": 3}
_HEADER = bytes(12)
_MAX_SIZE = 12 + 4 * 0xFFFE
# Overlayfs believes these: an image must not bring its own.
_RESERVED = "trusted.overlay."


def encode(entry: Entry, opaque: bool = False) -> bytes:
    """The inline area for an entry's attributes, ``b""`` when nothing remains of them.

    Left out is what no file system would take, so that overlayfs can copy the file up: namespaces
    that the kernel does not know, ``user.`` on anything but files and directories, ACLs of links.
    """
    if not entry.xattrs and not opaque:
        return b""
    parts = [_attribute(4, b"overlay.opaque", b"y")] if opaque else []
    for name in sorted(entry.xattrs):
        if not name.startswith(_RESERVED):
            parts += _encode_one(entry, name, entry.xattrs[name])
    if not parts:
        return b""
    area = _HEADER + b"".join(parts)
    if len(area) > _MAX_SIZE:
        raise TarError(f"{shown(entry.path)}: extended attributes take more than {_MAX_SIZE} bytes")
    return area


def _encode_one(entry: Entry, name: str, value: bytes) -> list[bytes]:
    if name in _ACLS:
        return _acl(entry, name, value)
    prefix, dot, rest = name.partition(".")
    index = _PREFIXES.get(prefix + dot)
    if index is None or not rest:
        return []
    if index == _USER and entry.kind is not Kind.FILE and entry.kind is not Kind.DIR:
        return []
    suffix = rest.encode(errors="surrogateescape")
    if len(suffix) > 255 or len(value) > 0xFFFF:
        raise TarError(f"{shown(entry.path)}: extended attribute {name[:80]} is too large")
    return [_attribute(index, suffix, value)]


def _acl(entry: Entry, name: str, value: bytes) -> list[bytes]:
    if entry.kind is Kind.SYMLINK or (_ACLS[name] == 3 and entry.kind is not Kind.DIR):
        return []
    if len(value) % 8 != 4 or len(value) > 0xFFFF or value[:4] != b"\2\0\0\0":
        raise TarError(f"{shown(entry.path)}: malformed {name}")
    return [_attribute(_ACLS[name], b"", value)]


def _attribute(index: int, suffix: bytes, value: bytes) -> bytes:
    packed = struct.pack("<BBH", len(suffix), index, len(value)) + suffix + value
    return packed + bytes(-len(packed) % 4)
