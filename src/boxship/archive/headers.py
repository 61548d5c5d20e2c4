"""The 512-byte header block (POSIX.1-2001 ustar; GNU and v7 variants): unpack and check."""

import struct
from dataclasses import dataclass
from zlib import adler32

from boxship.archive.errors import TarError
from boxship.archive.numbers import _field, number

BLOCK = 512
ZERO = bytes(BLOCK)
USTAR = b"ustar\x0000"
GNU = b"ustar  \0"
_unpack = struct.Struct("100s8s8s8s12s12s8xc100s8s32s32s8s8s155s12x").unpack


@dataclass(slots=True)
class Header:
    """A header's fields, numbers decoded; ``name`` has the ustar prefix joined."""

    name: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    flag: bytes
    link: bytes
    uname: bytes
    gname: bytes
    major: int
    minor: int


def parse(block: bytes) -> Header:
    """Unpack *block*; a wrong checksum or a malformed number is a :class:`TarError`."""
    if _field(block[148:156]) != checksum(block):
        _check_signed(block)
    raw = _unpack(block)
    name, link = raw[0].partition(b"\0")[0], raw[7].partition(b"\0")[0]
    magic, uname, gname, major, minor = raw[8], b"", b"", 0, 0
    if magic[:5] == b"ustar":
        uname, gname = raw[9].partition(b"\0")[0], raw[10].partition(b"\0")[0]
        if raw[6] in b"34":
            major, minor = number(raw[11]), number(raw[12])
        # GNU keeps times and the sparse map where POSIX has the prefix.
        if magic != GNU and raw[13][0]:
            name = raw[13].partition(b"\0")[0] + b"/" + name
    return Header(
        name,
        number(raw[1]),
        number(raw[2]),
        number(raw[3]),
        number(raw[4]),
        number(raw[5]),
        raw[6],
        link,
        uname,
        gname,
        major,
        minor,
    )


def checksum(block: bytes) -> int:
    """The sum of the block's bytes with its checksum field taken as spaces.

    The low half of Adler-32 started at 0 is a plain sum modulo 65,521, and 256 bytes add up to less
    than that: many times faster than adding in Python.
    """
    total = (adler32(block[:256], 0) & 0xFFFF) + (adler32(block[256:], 0) & 0xFFFF)
    return total - sum(block[148:156]) + 256


def _check_signed(block: bytes) -> None:
    """Accept the sums of historic writers, which added signed bytes."""
    high = sum(byte > 127 for byte in block) - sum(byte > 127 for byte in block[148:156])
    if _field(block[148:156]) != checksum(block) - 256 * high:
        raise TarError("invalid tar header: wrong checksum")


_pack = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12x").pack


def build(
    name: bytes,
    mode: int,
    uid: int,
    gid: int,
    size: int,
    mtime: int,
    flag: bytes,
    link: bytes,
    uname: bytes,
    gname: bytes,
    major: int,
    minor: int,
    prefix: bytes,
) -> bytes:
    """A ustar header block of fields that fit."""
    device = flag in b"34"
    block = _pack(
        name,
        b"%07o" % mode,
        b"%07o" % uid,
        b"%07o" % gid,
        b"%011o" % size,
        b"%011o" % mtime,
        b"        ",
        flag,
        link,
        USTAR,
        uname,
        gname,
        b"%07o" % major if device else b"",
        b"%07o" % minor if device else b"",
        prefix,
    )
    return b"%b%06o\0 %b" % (block[:148], checksum(block), block[156:])


def split_name(name: bytes) -> tuple[bytes, bytes] | None:
    """*name* as (prefix, name) of a ustar header; None when it does not fit."""
    if len(name) <= 100:
        return b"", name
    if len(name) > 256:
        return None
    # The split is at a slash that neither field keeps, and the name must not be empty.
    slash = name.find(b"/", max(len(name) - 101, 1), -1)
    return (name[:slash], name[slash + 1 :]) if 0 < slash <= 155 else None
