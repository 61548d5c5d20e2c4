"""Layers made small for a registry: the same archive always gives the same bytes."""

import hashlib
import os
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from boxship.base.errors import InvalidParameter

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_gzip: Any = zlib
try:
    from isal import isal_zlib
except ImportError:  # architectures without a wheel
    pass
else:
    _gzip = isal_zlib

GZIP, ZSTD, PLAIN = "gzip", "zstd", "uncompressed"
# Of gzip, as Go counts: the usual one, and characters packed without a look for repetitions.
_LOWEST, _HIGHEST = -2, 9
_HUFFMAN = -2
_FASTEST = 1
_WINDOW = 31  # zlib's wbits: 32 KiB window, gzip wrapper without name and time
# What every reader of zstd has to cope with, as a power of two (RFC 8878, section 3.1.1.1.2).
_ZSTD_WINDOW = 23
_ZSTD_LEVEL, _ZSTD_NARROW, _ZSTD_HIGHEST = 3, 19, 22
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Compression:
    """How layers are to be written; *level* None leaves that to us. If *force*, what a layer is
    known as already does not do, unless it is of the same *kind*.

    Levels are BuildKit's: gzip's from -2 to 9, any number for zstd, whose lowest and highest
    stand for those beyond them; none matters where nothing is compressed."""

    kind: str = GZIP
    level: int | None = None
    force: bool = False

    def __post_init__(self) -> None:
        """:class:`InvalidParameter` for levels that there are not."""
        if self.kind != GZIP or self.level is None:
            return
        if not _LOWEST <= self.level <= _HIGHEST:
            raise InvalidParameter(f"gzip: invalid compression level: {self.level}")

    def is_of(self, media_type: str) -> bool:
        """Whether a layer of *media_type* is what is wanted."""
        ending = {GZIP: ("+gzip", ".gzip"), ZSTD: ("+zstd",), PLAIN: (".tar",)}[self.kind]
        return media_type.endswith(ending)


USUAL = Compression()


class _Engine(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


def _engine(how: Compression) -> _Engine:
    found: _Engine
    if how.kind == ZSTD:
        level = _ZSTD_LEVEL if how.level is None else min(max(how.level, 1), _ZSTD_HIGHEST)
        options: dict[int, int] = {
            zstd.CompressionParameter.compression_level: level,
            zstd.CompressionParameter.checksum_flag: 1,
        }
        if level > _ZSTD_NARROW:
            # These levels take larger windows by themselves.
            options[zstd.CompressionParameter.window_log] = _ZSTD_WINDOW
        found = zstd.ZstdCompressor(options=options)
    elif how.level is None:
        found = _gzip.compressobj(_FASTEST, zlib.DEFLATED, _WINDOW)
    elif how.level == _HUFFMAN:
        found = zlib.compressobj(
            zlib.Z_DEFAULT_COMPRESSION,
            zlib.DEFLATED,
            _WINDOW,
            zlib.DEF_MEM_LEVEL,
            zlib.Z_HUFFMAN_ONLY,
        )
    else:
        found = zlib.compressobj(how.level, zlib.DEFLATED, _WINDOW)
    return found


def compress(
    source: Path, target: Path, tell: Callable[[int, int], None], how: Compression = USUAL
) -> tuple[str, int]:
    """Compress *source* into the new file *target*: its digest and size. Blocking.

    *tell* gets the bytes read and written so far, piece by piece; what it raises ends the work.
    """
    digest = hashlib.sha256()
    engine = _engine(how)
    read = size = 0
    with open(source, "rb", buffering=0) as plain, open(target, "xb", buffering=0) as packed:
        os.fchmod(packed.fileno(), 0o600)
        while True:
            piece = plain.read(_PIECE)
            data = engine.compress(piece) if piece else engine.flush()
            digest.update(data)
            read, size = read + len(piece), size + len(data)
            view = memoryview(data)
            while view:
                view = view[packed.write(view) :]
            tell(read, size)
            if not piece:
                return f"sha256:{digest.hexdigest()}", size
