"""Layers made small for a registry: the same archive always gives the same bytes."""

import hashlib
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

_gzip: Any = zlib
try:
    from isal import isal_zlib
except ImportError:  # architectures without a wheel
    pass
else:
    _gzip = isal_zlib

_LEVEL = 1
_WINDOW = 31  # zlib's wbits: 32 KiB window, gzip wrapper without name and time
_PIECE = 1 << 20


def compress(source: Path, target: Path, tell: Callable[[int, int], None]) -> tuple[str, int]:
    """Compress *source* into the new file *target*: its digest and size. Blocking.

    *tell* gets the bytes read and written so far, piece by piece; what it raises ends the work.
    """
    digest = hashlib.sha256()
    engine = _gzip.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW)
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
