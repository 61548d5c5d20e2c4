"""PAX extended header records: ``"<length> <keyword>=<value>\\n"`` (POSIX.1-2001, pax)."""

import base64
import binascii
import re

from boxship.archive.errors import TarError

_SCHILY = b"SCHILY.xattr."
_LIBARCHIVE = b"LIBARCHIVE.xattr."
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_TEXT = frozenset({b"path", b"linkpath", b"uname", b"gname", b"GNU.sparse.name"})


def parse(data: bytes) -> list[tuple[bytes, bytes]]:
    """The records of one extended header, in order (sparse 0.0 repeats keywords)."""
    records = []
    position, end = 0, len(data)
    while position < end:
        space = data.find(b" ", position, position + 21)
        digits = data[position:space] if space > 0 else b""
        if not digits.isdigit():
            # Some writers pad with NULs instead of ending at the last record.
            if not data[position:].strip(b"\0"):
                break
            raise TarError("invalid tar header: malformed PAX record")
        stop = position + int(digits)
        key, equals, value = data[space + 1 : stop - 1].partition(b"=")
        if not space < stop - 1 < end or not equals or not key or data[stop - 1] != 0x0A:
            raise TarError("invalid tar header: malformed PAX record")
        if b"\0" in key or (key in _TEXT and b"\0" in value):
            raise TarError("invalid tar header: NUL byte in a PAX record")
        records.append((key, value))
        position = stop
    return records


def xattrs(records: list[tuple[bytes, bytes]]) -> dict[str, bytes]:
    """Extended attributes, from star's keywords and, where those say nothing, libarchive's."""
    found: dict[str, bytes] = {}
    for key, value in records:
        if key.startswith(_LIBARCHIVE):
            raw = _ESCAPE.sub(_unescape, key[len(_LIBARCHIVE) :])
            found.setdefault(raw.decode(errors="surrogateescape"), _unbase64(value))
    for key, value in records:
        if key.startswith(_SCHILY):
            name = key[len(_SCHILY) :].decode(errors="surrogateescape")
            found[name.replace("%3D", "=").replace("%25", "%")] = value
    if any("\0" in name or not name for name in found):
        raise TarError("invalid tar header: malformed extended attribute name")
    return found


def xattr_key(name: str) -> bytes:
    """The keyword for an extended attribute; ``=`` and ``%`` are escaped as GNU tar does."""
    escaped = name.replace("%", "%25").replace("=", "%3D")
    return _SCHILY + escaped.encode(errors="surrogateescape")


def _unescape(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)])


def _unbase64(value: bytes) -> bytes:
    try:
        # libarchive leaves the padding out.
        return base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise TarError("invalid tar header: malformed extended attribute") from None


def record(key: bytes, value: bytes) -> bytes:
    """One record; its length counts its own digits."""
    body = len(key) + len(value) + 3
    length = body + len(str(body))
    length = body + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)
