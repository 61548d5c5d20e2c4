"""Frames (RFC 9113, sections 4 and 6), and their limits on our side."""

import enum
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD = 9
# What a peer may send at most in one frame (section 4.2), and in one block of headers.
MAX_FRAME = 16384
MAX_HEADERS = 256 << 10
# How much the peer of a stream, and of the connection, may send before it is read (section 5.2).
STREAM_WINDOW = 2 << 20
CONNECTION_WINDOW = 16 << 20
DEFAULT_WINDOW = 65535
MAX_STREAMS = 128
_HEAD = struct.Struct(">HBBBI")
read_head = _HEAD.unpack_from
_SETTING = struct.Struct(">HI")
_WORD = struct.Struct(">I")


class Kind(enum.IntEnum):
    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Setting(enum.IntEnum):
    HEADER_TABLE_SIZE = 1
    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6


class Code(enum.IntEnum):
    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    FLOW_CONTROL_ERROR = 3
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    ENHANCE_YOUR_CALM = 11


END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITY = 0x20


class Http2Error(Exception):
    """The peer broke the protocol; the connection ends with *code*."""

    def __init__(self, message: str, code: Code = Code.PROTOCOL_ERROR) -> None:
        super().__init__(message)
        self.code = code


def frame(kind: Kind, flags: int, stream: int, payload: bytes = b"") -> bytes:
    size = len(payload)
    return _HEAD.pack(size >> 8, size & 0xFF, kind, flags, stream) + payload


def settings(values: dict[Setting, int]) -> bytes:
    payload = b"".join(_SETTING.pack(key, value) for key, value in values.items())
    return frame(Kind.SETTINGS, 0, 0, payload)


def read_settings(payload: bytes) -> list[tuple[int, int]]:
    if len(payload) % _SETTING.size:
        raise Http2Error("SETTINGS of an odd size", Code.FRAME_SIZE_ERROR)
    return [(key, value) for key, value in _SETTING.iter_unpack(payload)]


def window_update(stream: int, increment: int) -> bytes:
    return frame(Kind.WINDOW_UPDATE, 0, stream, _WORD.pack(increment))


def reset(stream: int, code: Code) -> bytes:
    return frame(Kind.RST_STREAM, 0, stream, _WORD.pack(code))


def goaway(last: int, code: Code) -> bytes:
    return frame(Kind.GOAWAY, 0, 0, _WORD.pack(last) + _WORD.pack(code))


def word(payload: bytes) -> int:
    """The number of a frame that is nothing else."""
    if len(payload) != _WORD.size:
        raise Http2Error("a frame of the wrong size", Code.FRAME_SIZE_ERROR)
    return int(_WORD.unpack(payload)[0])


def header_frames(stream: int, block: bytes, *, end: bool) -> bytes:
    """HEADERS, and CONTINUATION for what does not fit."""
    pieces = [block[at : at + MAX_FRAME] for at in range(0, len(block), MAX_FRAME)] or [b""]
    out = []
    for number, piece in enumerate(pieces):
        flags = END_HEADERS if number == len(pieces) - 1 else 0
        kind = Kind.CONTINUATION if number else Kind.HEADERS
        flags |= END_STREAM if end and not number else 0
        out.append(frame(kind, flags, stream, piece))
    return b"".join(out)


def unpadded(payload: bytes, flags: int, priority: bool = False) -> bytes:
    """What DATA or HEADERS carry."""
    start, end = 0, len(payload)
    if flags & PADDED:
        if not payload:
            raise Http2Error("padding without its length", Code.FRAME_SIZE_ERROR)
        start, end = 1, end - payload[0]
    if priority and flags & PRIORITY:
        start += 5
    if start > end:
        raise Http2Error("more padding than payload")
    return payload[start:end]
