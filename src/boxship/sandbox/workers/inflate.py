"""Compressed streams: recognised by their first bytes, inflated in bounded pieces.

gzip (RFC 1952), zstd (RFC 8878), xz and bzip2, each with any number of members back to back.
"""

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from boxship.base.errors import InvalidParameter

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_zlib: Any = zlib
try:
    from isal import isal_zlib
except ImportError:  # architectures without a wheel
    pass
else:
    _zlib = isal_zlib

PIECE = 256 * 1024  # bytes handed on at a time
_FEED = 64 * 1024
_XZ_MEMORY = 256 << 20
_GZIP_WINDOW = 31  # zlib's wbits: 32 KiB window, gzip wrapper
SNIFF = 6  # bytes that tell compressions apart

_ERRORS: tuple[type[Exception], ...] = (
    _zlib.error,
    zlib.error,
    zstd.ZstdError,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
)


class _Gzip:
    """zlib's decompressor with the interface of the other three."""

    def __init__(self) -> None:
        self._inner: Any = _zlib.decompressobj(wbits=_GZIP_WINDOW)
        self._tail = b""

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def needs_input(self) -> bool:
        return not self._tail

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out: bytes = self._inner.decompress(self._tail + data if self._tail else data, max_length)
        self._tail = self._inner.unconsumed_tail
        return out


_MAGIC: tuple[tuple[bytes, str, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", "gzip", _Gzip),
    (b"\x28\xb5\x2f\xfd", "zstd", zstd.ZstdDecompressor),
    (b"\xfd7zXZ\0", "xz", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)),
    (b"BZh", "bzip2", bz2.BZ2Decompressor),
)


def compression(start: bytes) -> str:
    """The name of the compression that a stream beginning with *start* has, ``""`` for none."""
    return next((name for magic, name, _ in _MAGIC if start.startswith(magic)), "")


def inflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The content of *chunks*; what is not compressed passes untouched.

    :class:`InvalidParameter` when the compressed stream is damaged or cut off.
    """
    start, rest = peek(iter(chunks), SNIFF)
    for magic, name, make in _MAGIC:
        if start.startswith(magic):
            return _members(_prepend(start, rest), name, make)
    return _prepend(start, rest)


def peek(chunks: Iterator[bytes], count: int) -> tuple[bytes, Iterator[bytes]]:
    """At least *count* bytes of the stream, if it has them, and what follows those."""
    start = b""
    for chunk in chunks:
        start = start + chunk if start else chunk
        if len(start) >= count:
            break
    return start, chunks


def _prepend(start: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if start:
        yield start
    yield from rest


def _feeds(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        if len(chunk) <= _FEED:
            yield chunk
        else:
            for at in range(0, len(chunk), _FEED):
                yield chunk[at : at + _FEED]


def _members(chunks: Iterator[bytes], name: str, make: Callable[[], Any]) -> Iterator[bytes]:
    engine: Any = None
    for data in _feeds(chunks):
        while data:
            if engine is None:
                data = data.lstrip(b"\0")  # padding between and behind members
                if not data:
                    break
                engine = make()
            yield from _pump(engine, data, name)
            data = engine.unused_data if engine.eof else b""
            if engine.eof:
                engine = None
    if engine is not None:
        raise InvalidParameter(f"unexpected EOF: the {name} stream is cut off")


def _pump(engine: Any, data: bytes, name: str) -> Iterator[bytes]:
    """Everything that *data* yields, never more than a piece at a time."""
    while True:
        try:
            out = engine.decompress(data, PIECE)
        except _ERRORS as error:
            raise InvalidParameter(f"damaged {name} stream: {error}") from None
        if out:
            yield out
        if engine.eof or (engine.needs_input and len(out) < PIECE):
            return
        data = b""
