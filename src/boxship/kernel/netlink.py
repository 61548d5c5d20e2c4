"""Netlink messages and their attributes (netlink(7)), and a socket that sends them in batches."""

import errno
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

REQUEST, ACK, DUMP = 0x1, 0x4, 0x300
REPLACE, EXCLUSIVE, CREATE = 0x100, 0x200, 0x400
_NESTED, _TYPE_MASK = 0x8000, 0x3FFF
_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_BUFFER = 1 << 17


@dataclass(frozen=True, slots=True)
class Message:
    """*body*: the family's fixed header and its attributes."""

    type: int
    flags: int
    body: bytes


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded to four bytes."""
    return struct.pack("=HH", len(value) + 4, kind) + value + bytes(-len(value) % 4)


def nest(kind: int, *attributes: bytes) -> bytes:
    return attribute(kind | _NESTED, b"".join(attributes))


def text(kind: int, value: str) -> bytes:
    return attribute(kind, os.fsencode(value) + b"\0")


def u8(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=B", value))


def u32(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=I", value))


def attributes(data: bytes) -> dict[int, bytes]:
    """The attributes in *data* by kind; of several of one kind the last."""
    found: dict[int, bytes] = {}
    offset = 0
    while offset + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        if length < 4:
            break
        found[kind & _TYPE_MASK] = data[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def _split(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, sequence number and body of each message in a datagram."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, _, sequence, _ = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            return
        yield kind, sequence, data[offset + _HEADER.size : offset + length]
        offset += (length + 3) & ~3


def _reason(body: bytes) -> OSError:
    (number,) = struct.unpack_from("=i", body)
    return OSError(-number, os.strerror(-number))


class Netlink:
    """A socket of the network namespace that the calling thread is in; usable from any thread,
    by one at a time."""

    def __init__(self, protocol: int) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, kind, protocol)
        self._socket.bind((0, 0))
        self._socket.settimeout(10)
        self._sequence = 0

    def close(self) -> None:
        self._socket.close()

    def _send(self, messages: Sequence[Message], flags: int) -> int:
        """Number the messages, send them as one datagram; the first one's number."""
        first = self._sequence + 1
        parts = []
        for message in messages:
            self._sequence += 1
            length = _HEADER.size + len(message.body)
            both = message.flags | flags | REQUEST
            parts.append(_HEADER.pack(length, message.type, both, self._sequence, 0))
            parts.append(message.body + bytes(-length % 4))
        self._socket.send(b"".join(parts))
        return first

    def run(self, messages: Sequence[Message]) -> list[OSError | None]:
        """Have the kernel carry out *messages* in order, in one system call; an answer each.

        One that fails does not keep the later ones from being carried out.
        """
        if not messages:
            return []
        first = self._send(messages, ACK)
        answers: list[OSError | None] = [None] * len(messages)
        missing = {*range(first, first + len(messages))}
        while missing:
            for kind, sequence, body in _split(self._socket.recv(_BUFFER)):
                if kind == _ERROR and sequence in missing:
                    missing.discard(sequence)
                    if struct.unpack_from("=i", body)[0]:
                        answers[sequence - first] = _reason(body)
        return answers

    def require(self, messages: Sequence[Message], ignore: Sequence[int] = ()) -> None:
        """:meth:`run`, then raise the first error whose number is not in *ignore*."""
        for error in self.run(messages):
            if error is not None and error.errno not in ignore:
                raise error

    def ask(self, message: Message) -> list[bytes]:
        """Bodies of what the kernel answers to a question about one object, or to a dump."""
        first = self._send([message], 0 if message.flags & DUMP else ACK)
        bodies: list[bytes] = []
        while True:
            for kind, sequence, body in _split(self._socket.recv(_BUFFER)):
                if sequence != first:
                    continue
                if kind == _ERROR and struct.unpack_from("=i", body)[0]:
                    raise _reason(body)
                if kind in (_ERROR, _DONE):
                    return bodies
                bodies.append(body)


def is_absent(error: OSError) -> bool:
    """Whether the object that a message names is not there."""
    return error.errno in (errno.ENODEV, errno.ENOENT, errno.ESRCH, errno.EADDRNOTAVAIL)
