"""Layers made small for a registry: the same archive always gives the same bytes."""

import hashlib
import os
import secrets
import zlib
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


def compress(source: Path, directory: Path) -> tuple[Path, str, int]:
    """Compress *source* into a new file in *directory*: its path, digest and size. Blocking."""
    target = directory / secrets.token_hex(8)
    digest = hashlib.sha256()
    engine = _gzip.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW)
    size = 0
    with open(source, "rb", buffering=0) as plain, open(target, "xb", buffering=0) as packed:
        while True:
            piece = plain.read(_PIECE)
            data = engine.compress(piece) if piece else engine.flush()
            digest.update(data)
            size += len(data)
            view = memoryview(data)
            while view:
                view = view[packed.write(view) :]
            if not piece:
                os.fchmod(packed.fileno(), 0o600)
                return target, f"sha256:{digest.hexdigest()}", size
