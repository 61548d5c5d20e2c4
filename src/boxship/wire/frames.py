"""Docker's multiplexed stdio stream: each frame has a head of eight bytes, the stream's number,
three zeros and a 32-bit big-endian size (Engine API, operation ContainerAttach)."""

import struct

STDIN, STDOUT, STDERR, SYSTEM_ERROR = 0, 1, 2, 3
HEAD = 8
_HEAD = struct.Struct(">B3xI")


def frame(stream: int, data: bytes) -> bytes:
    """*data*, below 4 GiB, as one frame."""
    return _HEAD.pack(stream, len(data)) + data
