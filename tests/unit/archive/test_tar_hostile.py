"""Malformed and hostile archives: a TarError that says why, in bounded memory, and nothing else."""

import io
import tarfile
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxship.archive.entry import Kind
from boxship.archive.errors import TarError
from boxship.archive.headers import build
from boxship.archive.pax import record
from boxship.archive.reader import TarReader
from boxship.base.errors import InvalidParameter


def header(
    name: bytes = b"f", size: int = 0, flag: bytes = b"0", link: bytes = b"", uid: int = 0
) -> bytes:
    return build(name, 0o644, uid, 0, size, 0, flag, link, b"", b"", 0, 0, b"")


def fixed(block: bytes | bytearray) -> bytes:
    total = sum(block[:148]) + sum(block[156:512]) + 256
    return bytes(block[:148]) + b"%06o\0 " % total + bytes(block[156:])


def with_field(at: int, value: bytes, flag: bytes = b"0") -> bytes:
    block = bytearray(header(flag=flag))
    block[at : at + len(value)] = value
    return fixed(block)


def pax(*records: tuple[bytes, bytes], raw: bytes = b"") -> bytes:
    body = raw or b"".join(record(key, value) for key, value in records)
    return header(size=len(body), flag=b"x") + body + bytes(-len(body) % 512)


def drain(data: bytes) -> int:
    reader = TarReader(io.BytesIO(data).read)
    count = 0
    for _ in reader:
        count += 1
        for _ in reader.body():
            pass
    return count


SPARSE = ((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"))
HOSTILE = {
    "dotdot": (header(b"../etc/passwd"), "breaks out"),
    "dotdot inside": (header(b"a/../../b"), "breaks out"),
    "absolute dotdot": (header(b"/../b"), "breaks out"),
    "hard link dotdot": (header(flag=b"1", link=b"../../etc/shadow"), "breaks out"),
    "pax dotdot": (pax((b"path", b"../x")) + header(), "breaks out"),
    "checksum": (b"g" + header()[1:], "checksum"),
    "noise": (b"\x8b\x1f" * 256, "invalid tar header"),
    "short header": (header()[:300], "unexpected EOF"),
    "short data": (header(size=5000) + bytes(1000), "unexpected EOF"),
    "data short by a byte": (header(size=5) + b"hell", "unexpected EOF"),
    "huge size": (with_field(124, b"\x80" + b"\0" * 3 + b"\x7f" + b"\xff" * 7), "unexpected EOF"),
    "size out of range": (with_field(124, b"\x80" + b"\x7f" * 11), "out of range"),
    "negative size": (with_field(124, b"\xff" * 12), "out of range"),
    "size not octal": (with_field(124, b"00000000009\0"), "not an octal"),
    "size signed": (with_field(124, b"-0000000001\0"), "not an octal"),
    "size underscore": (with_field(124, b"0000000_001\0"), "not an octal"),
    "negative uid": (with_field(108, b"\xff" * 8), "out of range"),
    "huge uid": (pax((b"uid", b"4294967295")) + header(), "out of range"),
    "pax size text": (pax((b"size", b"-1")) + header(), "not a number"),
    "pax size huge": (pax((b"size", b"9" * 20)) + header(), "out of range"),
    "pax size digits": (pax((b"size", b"9" * 5000)) + header(), "not a number"),
    "pax time": (pax((b"mtime", b"yesterday")) + header(), "not a time"),
    "pax nul": (pax((b"path", b"a\0b")) + header(), "NUL"),
    "pax length short": (pax(raw=b"5 path=abc\n") + header(), "malformed PAX"),
    "pax length long": (pax(raw=b"900 path=abc\n") + header(), "malformed PAX"),
    "pax length zero": (pax(raw=b"0 path=abc\n") + header(), "malformed PAX"),
    "pax length text": (pax(raw=b"1x path=abc\n") + header(), "malformed PAX"),
    "pax no equals": (pax(raw=b"10 pathab\n") + header(), "malformed PAX"),
    "pax no newline": (pax(raw=b"11 path=abc") + header(), "malformed PAX"),
    "pax base64": (pax((b"LIBARCHIVE.xattr.user.a", b"!")) + header(), "extended attribute"),
    "pax too large": (header(size=(1 << 20) + 1, flag=b"x"), "bytes"),
    "long name too large": (header(size=1 << 33, flag=b"L"), "bytes"),
    "pax cut off": (header(size=600, flag=b"x") + bytes(512), "unexpected EOF"),
    "pax without member": (pax((b"path", b"a")) + bytes(1024), "without its member"),
    "long names in a row": (pax((b"path", b"a")) * 100, "in a row"),
    "unknown type": (header(flag=b"M"), "unhandled tar header type 77"),
    "lone zero block": (bytes(512) + header(), "lone zero"),
    "sparse overlap": (
        pax((b"GNU.sparse.size", b"100"), (b"GNU.sparse.map", b"0,10,5,10")) + header(size=20),
        "inconsistent sparse",
    ),
    "sparse beyond": (
        pax((b"GNU.sparse.size", b"100"), (b"GNU.sparse.map", b"90,20")) + header(size=20),
        "inconsistent sparse",
    ),
    "sparse stored": (
        pax((b"GNU.sparse.size", b"100"), (b"GNU.sparse.map", b"0,10")) + header(size=20),
        "stored size",
    ),
    "sparse odd": (
        pax((b"GNU.sparse.size", b"100"), (b"GNU.sparse.map", b"0,10,5")) + header(size=10),
        "malformed sparse",
    ),
    "sparse count": (
        pax(*SPARSE, (b"GNU.sparse.realsize", b"9")) + header(size=512) + b"9" * 15 + b"\n" * 497,
        "runs of data",
    ),
    "sparse endless number": (
        pax(*SPARSE, (b"GNU.sparse.realsize", b"9")) + header(size=5120) + b"9" * 5120,
        "malformed sparse",
    ),
    "sparse map past data": (
        pax(*SPARSE, (b"GNU.sparse.realsize", b"9")) + header(size=0) + b"0\n".ljust(512, b"\0"),
        "stored size",
    ),
    "old sparse negative": (
        with_field(386, b"\xff" * 24 + b"\0" * 72 + b"\0" + b"00000000100\0", b"S"),
        "inconsistent sparse",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_refused_with_a_reason(case: str) -> None:
    data, reason = HOSTILE[case]
    with pytest.raises(TarError, match=reason):
        drain(data)


def test_is_a_client_error() -> None:
    assert issubclass(TarError, InvalidParameter)


def repeat(block: bytes, count: int) -> Callable[[int], bytes]:
    """A stream of *count* times *block* that is never in memory as a whole."""
    left = [count]

    def read(size: int) -> bytes:
        times = min(left[0], max(1, size // len(block)))
        left[0] -= times
        return block * times

    return read


ENDLESS = {
    "long names": header(size=1 << 19, flag=b"L") + b"n" * (1 << 19),
    "old sparse extensions": with_field(386, b"00000000000\0" * 8 + b"\1", b"S")
    + (b"00000000000\0" * 42 + b"\1").ljust(512, b"\0"),
    "members": header(b"same") + pax((b"comment", b"c" * 3000)),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_memory_is_bounded(case: str) -> None:
    block = ENDLESS[case]
    first = block[:512] if case == "old sparse extensions" else b""
    rest = block[512:] if first else block
    more = repeat(rest, 200_000_000 // len(rest))
    pieces = iter([first] if first else [])
    tracemalloc.start()
    try:
        reader = TarReader(lambda size: next(pieces, b"") or more(size))
        for count, _ in enumerate(reader):
            if count > 20_000:
                break
    except TarError:
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80_000_000


def test_duplicates_and_devices_are_handed_on() -> None:
    data = header(b"a") + header(b"a", flag=b"2", link=b"/etc") + header(b"a/b") + bytes(1024)
    kinds = [(entry.path, entry.kind) for entry in TarReader(io.BytesIO(data).read)]
    assert kinds == [(b"a", Kind.FILE), (b"a", Kind.SYMLINK), (b"a/b", Kind.FILE)]


@given(st.binary(max_size=3000))
def test_noise_raises_nothing_else(data: bytes) -> None:
    try:
        drain(data)
    except TarError:
        pass


def _valid() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("a", "b" * 150, "c/d"):
            info = tarfile.TarInfo(name)
            info.size, info.mtime = 700, 1.5
            tar.addfile(info, io.BytesIO(b"x" * 700))
    return buffer.getvalue() + pax(*SPARSE, (b"GNU.sparse.realsize", b"9"))


@settings(max_examples=300)
@given(st.data())
def test_damage_raises_nothing_else(data: st.DataObject) -> None:
    damaged = bytearray(_valid())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    repaired = bytearray()
    # Without this the checksum catches nearly everything.
    for start in range(0, len(damaged), 512):
        block = damaged[start : start + 512]
        ustar = block[257:262] == b"ustar" and len(block) == 512
        repaired += fixed(block) if ustar else block
    cut = data.draw(st.integers(0, len(repaired)))
    try:
        drain(bytes(repaired[: max(cut, len(repaired) - 700)]))
    except TarError:
        pass
