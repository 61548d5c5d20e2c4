"""The WebSocket protocol, server side (RFC 6455): handshake and framing, no I/O.

The stream of a container travels in binary messages; text messages are accepted, because browsers
send them when told nothing else.
"""

import base64
import binascii
import hashlib
import struct
from collections.abc import Mapping

from boxship.wire.answer import head_bytes
from boxship.wire.errors import BadRequest
from boxship.wire.relay import CodecError

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_NORMAL, _PROTOCOL_ERROR, _TOO_BIG = 1000, 1002, 1009
_FRAME_LIMIT = 16 << 20


def handshake(headers: Mapping[str, str]) -> bytes:
    """The response head for a request with *headers*; :class:`BadRequest` when it is none."""
    upgrade = {part.strip() for part in headers.get("upgrade", "").lower().split(",")}
    connection = {part.strip() for part in headers.get("connection", "").lower().split(",")}
    if "websocket" not in upgrade or "upgrade" not in connection:
        raise BadRequest("not a WebSocket handshake: Upgrade: websocket is missing")
    if headers.get("sec-websocket-version") != "13":
        raise BadRequest("unsupported WebSocket version: 13 is required")
    key = headers.get("sec-websocket-key", "")
    try:
        valid = len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        valid = False
    if not valid:
        raise BadRequest("invalid Sec-WebSocket-Key")
    accept = base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()
    answer = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]
    protocols = headers.get("sec-websocket-protocol")
    if protocols:
        answer.append(("Sec-WebSocket-Protocol", protocols.split(",")[0].strip()))
    return head_bytes(101, answer, dated=False)


def encode_frame(opcode: int, payload: bytes) -> bytes:
    """One final, unmasked frame (section 5.2)."""
    size = len(payload)
    if size < 126:
        head = struct.pack(">BB", 0x80 | opcode, size)
    elif size < 1 << 16:
        head = struct.pack(">BBH", 0x80 | opcode, 126, size)
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, 127, size)
    return head + payload


def unmask(payload: bytes, mask: bytes) -> bytes:
    """Section 5.3, as one big exclusive or."""
    size = len(payload)
    stretched = mask * (size // 4) + mask[: size % 4]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stretched, "big")).to_bytes(size, "big")


class WebSocketCodec:
    """Messages' payloads as one stream (boxship.wire.relay.Codec)."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._outgoing = bytearray()
        self._fragmented = False
        self._close_sent = False
        self.inbound_ended = False
        self.closed = False

    def receive(self, data: bytes) -> bytes:
        self._buffer += data
        parts: list[bytes] = []
        while not self.closed:
            frame = self._next_frame()
            if frame is None:
                break
            payload = self._accept(*frame)
            if payload:
                parts.append(payload)
        if self.closed:
            self._buffer.clear()
        return b"".join(parts)

    def receive_eof(self) -> None:
        self.inbound_ended = True

    def send(self, data: bytes) -> None:
        if not self._close_sent:
            self._outgoing += encode_frame(_BINARY, data)

    def send_eof(self) -> None:
        self._close(_NORMAL)

    def outgoing(self) -> bytes:
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    def _next_frame(self) -> tuple[int, bool, bytes] | None:
        """Opcode, final, payload; None when the frame is not complete yet."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        if first & 0x70 or not second & 0x80:
            raise self._violation(_PROTOCOL_ERROR, "reserved bits set, or frame not masked")
        opcode, final = first & 0x0F, bool(first & 0x80)
        size, position = second & 0x7F, 2
        if opcode & 0x8 and (size > 125 or not final):
            raise self._violation(_PROTOCOL_ERROR, "control frame too long or fragmented")
        if size > 125:
            width = 2 if size == 126 else 8
            if len(buffer) < 2 + width:
                return None
            position += width
            size = int.from_bytes(buffer[2:position], "big")
        if size > _FRAME_LIMIT:
            raise self._violation(_TOO_BIG, "frame too big")
        end = position + 4 + size
        if len(buffer) < end:
            return None
        payload = unmask(bytes(buffer[position + 4 : end]), bytes(buffer[position : position + 4]))
        del buffer[:end]
        return opcode, final, payload

    def _accept(self, opcode: int, final: bool, payload: bytes) -> bytes:
        if opcode in (_CONTINUATION, _TEXT, _BINARY):
            if (opcode == _CONTINUATION) != self._fragmented:
                raise self._violation(_PROTOCOL_ERROR, "fragments out of order")
            self._fragmented = not final
            return payload
        if opcode == _PING:
            if not self._close_sent:
                self._outgoing += encode_frame(_PONG, payload)
        elif opcode == _CLOSE:
            self._close(int.from_bytes(payload[:2], "big") if len(payload) > 1 else _NORMAL)
            self.inbound_ended = self.closed = True
        elif opcode != _PONG:
            raise self._violation(_PROTOCOL_ERROR, "unknown opcode")
        return b""

    def _close(self, code: int) -> None:
        if not self._close_sent:
            self._close_sent = True
            self._outgoing += encode_frame(_CLOSE, struct.pack(">H", code))

    def _violation(self, code: int, reason: str) -> CodecError:
        self._close(code)
        self.closed = True
        self._buffer.clear()
        return CodecError(reason)
