"""DNS messages: reading queries, writing answers (RFC 1035, RFC 6891).

What comes in is written by containers and by servers of others: no packet makes this loop or fail
with anything but :class:`FormatError`.
"""

import struct
from collections.abc import Sequence

A, PTR, MX, AAAA, OPT = 1, 12, 15, 28, 41
FORMAT_ERROR, SERVER_FAILURE, NOT_IMPLEMENTED, REFUSED = 1, 2, 4, 5
#: Bytes: a header; a UDP answer to one who says nothing; any answer over TCP.
HEADER, UDP_LIMIT, TCP_LIMIT = 12, 512, 65535
#: Seconds that an answer of ours holds.
TTL = 600
#: What we take by UDP ourselves, as we tell those who ask with EDNS.
_PAYLOAD = 1232
_RESPONSE, _OPCODE, _TRUNCATED, _AVAILABLE = 0x8000, 0x7800, 0x0200, 0x0080
# What an answer repeats of its query: recursion desired, checking disabled.
_REPEATED = 0x0110
_POINTER, _LABEL_END = 0xC0, 64
_COUNTS = struct.Struct(">6H")
_QUESTION = struct.Struct(">HH")
_RECORD = struct.Struct(">HHIH")
_INTERNET = 1
# A pointer to the name of the question.
_SAME_NAME = b"\xc0\x0c"


class FormatError(Exception):
    """The packet is no message that can be answered in earnest."""


class Query:
    """*name* in lower case without the last dot; *limit*: bytes that its sender takes by UDP."""

    __slots__ = ("edns", "flags", "id", "kind", "limit", "name", "question")

    def __init__(
        self, number: int, flags: int, name: str, kind: int, question: bytes, edns: int
    ) -> None:
        self.id, self.flags, self.name, self.kind, self.question = (
            number,
            flags,
            name,
            kind,
            question,
        )
        self.edns = edns > 0
        self.limit = max(edns, UDP_LIMIT)


def is_query(data: bytes) -> bool:
    """Whether anything at all shall be answered: a header, and not that of an answer."""
    return len(data) >= HEADER and not data[2] & 0x80


def read_query(data: bytes) -> Query:
    """:class:`FormatError` unless it asks exactly one question."""
    number, flags, questions, answers, authorities, additional = _COUNTS.unpack_from(data)
    if questions != 1:
        raise FormatError
    name, offset = _name(data, HEADER)
    if offset + _QUESTION.size > len(data):
        raise FormatError
    kind, _ = _QUESTION.unpack_from(data, offset)
    offset += _QUESTION.size
    question = data[HEADER:offset]
    records = answers + authorities + additional
    return Query(number, flags, name, kind, question, _payload(data, offset, records))


def _name(data: bytes, offset: int) -> tuple[str, int]:
    """An uncompressed name and what follows it; there is nothing that it could point to yet."""
    labels: list[str] = []
    start = offset
    while True:
        if offset >= len(data) or offset - start > 254:
            raise FormatError
        length = data[offset]
        offset += 1
        if length == 0:
            return ".".join(labels), offset
        if length >= _LABEL_END or offset + length > len(data):
            raise FormatError
        label = data[offset : offset + length].decode("latin-1").lower()
        # A dot inside a label is none between two.
        labels.append(label.replace(".", "\\."))
        offset += length


def _skip_name(data: bytes, offset: int) -> int:
    while True:
        if offset >= len(data):
            raise FormatError
        length = data[offset]
        if length & _POINTER == _POINTER:
            return offset + 2
        if length >= _LABEL_END:
            raise FormatError
        offset += 1 + length
        if length == 0:
            return offset


def _payload(data: bytes, offset: int, records: int) -> int:
    """What the OPT record says of its sender's buffer; 0 without one."""
    for _ in range(records):
        offset = _skip_name(data, offset)
        if offset + _RECORD.size > len(data):
            raise FormatError
        kind, size, _, length = _RECORD.unpack_from(data, offset)
        if kind == OPT:
            return max(int(size), 1)
        offset += _RECORD.size + length
    return 0


def answers(query: Query, kind: int, values: Sequence[bytes], limit: int) -> bytes:
    """*values* (each the data of a record) of the name asked for, as many as *limit* bytes hold."""
    flags = _RESPONSE | _AVAILABLE | query.flags & _REPEATED
    extra = b"\0" + _RECORD.pack(OPT, _PAYLOAD, 0, 0) if query.edns else b""
    room = limit - HEADER - len(query.question) - len(extra)
    records: list[bytes] = []
    for value in values:
        record = _SAME_NAME + _RECORD.pack(kind, _INTERNET, TTL, len(value)) + value
        room -= len(record)
        if room < 0:
            flags |= _TRUNCATED
            break
        records.append(record)
    header = _COUNTS.pack(query.id, flags, 1, len(records), 0, 1 if extra else 0)
    return b"".join((header, query.question, *records, extra))


def failure(query: Query, code: int) -> bytes:
    """An answer that says *code* and nothing else."""
    flags = _RESPONSE | query.flags & _REPEATED | code
    return _COUNTS.pack(query.id, flags, 1, 0, 0, 0) + query.question


def rejection(data: bytes) -> bytes:
    """The answer to a packet that :func:`is_query` but that is not understood."""
    number, flags = struct.unpack_from(">HH", data)
    code = NOT_IMPLEMENTED if flags & _OPCODE else FORMAT_ERROR
    return _COUNTS.pack(number, _RESPONSE | flags & (_OPCODE | 0x0100) | code, 0, 0, 0, 0)


def is_standard(data: bytes) -> bool:
    return not struct.unpack_from(">H", data, 2)[0] & _OPCODE


def encode_name(name: str) -> bytes | None:
    """*name* as the data of a record; None if DNS cannot hold it."""
    labels = [label.encode("latin-1", "replace") for label in name.split(".")]
    encoded = b"".join(bytes([len(label)]) + label for label in labels if len(label) < _LABEL_END)
    fits = all(0 < len(label) < _LABEL_END for label in labels) and len(encoded) < 255
    return encoded + b"\0" if fits else None


def answers_to(query: bytes, data: bytes) -> bool:
    """Whether *data* is the answer of another server to *query*: its number and its question."""
    if len(data) < HEADER or not data[2] & 0x80 or data[:2] != query[:2]:
        return False
    if data[4:6] != b"\0\1":
        # Servers that refuse may leave the question out.
        return data[4:6] == b"\0\0" and code_of(data) != 0
    try:
        end = _skip_name(query, HEADER) + _QUESTION.size
    except FormatError:
        return False
    return data[HEADER:end].lower() == query[HEADER:end].lower()


def code_of(data: bytes) -> int:
    """The response code of an answer."""
    return data[3] & 0x0F
