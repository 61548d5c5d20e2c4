"""Descriptors as streams of chunks."""

import os
from collections.abc import Iterator

_PIECE = 256 * 1024


def chunks(fd: int) -> Iterator[bytes]:
    """What *fd* has up to its end, in pieces. The caller keeps the descriptor."""
    os.set_blocking(fd, True)  # it may share its state with one that the daemon reads
    while data := os.read(fd, _PIECE):
        yield data
