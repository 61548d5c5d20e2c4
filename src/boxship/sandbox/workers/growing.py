"""A file that the daemon is still writing, read by a worker.

Both hold an end of a socket whose messages are sizes in bytes (:data:`SIZE`): the daemon says how
far the file goes, the worker how much it has made of it.
"""

import os
import socket
import struct
from collections.abc import Callable, Iterator

SIZE = struct.Struct("<Q")
_PIECE = 256 * 1024
_STEP = 4 << 20  # bytes that are worth a message


def chunks(file: int, line: int) -> Iterator[bytes]:
    """What *file* has, in pieces, as far as the other end of *line* says, which closes it after the
    last byte. The caller keeps the descriptors."""
    os.set_blocking(line, True)
    offset = 0
    while message := os.read(line, SIZE.size):
        (size,) = SIZE.unpack(message)
        while offset < size and (data := os.pread(file, min(_PIECE, size - offset), offset)):
            offset += len(data)
            yield data


def teller(line: int) -> Callable[[int], None]:
    """Says now and then how many bytes there are. Who does not listen misses it."""
    peer = socket.socket(fileno=os.dup(line))
    told = 0

    def tell(size: int) -> None:
        nonlocal told
        if size - told < _STEP:
            return
        told = size
        try:
            peer.send(SIZE.pack(size), socket.MSG_DONTWAIT)
        except OSError:
            pass

    return tell
