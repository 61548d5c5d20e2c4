"""Messages of ``containerd.services.content.v1.Content``: a store of blobs."""

import re
from dataclasses import dataclass

from boxship.builder.buildkit.control import Timestamp
from boxship.wire.protobuf import STRING, Message, blob, integer, many, message, string

SERVICE = "/containerd.services.content.v1.Content/"
INFO, READ, WRITE = (SERVICE + name for name in ("Info", "Read", "Write"))
# Which of a session's stores a call is about.
STORE = "buildkit-attachable-store-id"
_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+\Z")
_HEX = re.compile(r"[0-9a-f]+\Z")
#: Actions of a write.
APPEND, COMMIT = 1, 2


def digest_flaw(text: str) -> str:
    """What containerd says is wrong with a digest; empty for nothing."""
    algorithm, _, value = text.partition(":")
    if not algorithm or not value:
        return "invalid checksum digest format"
    length = _LENGTHS.get(algorithm)
    if length is None:
        known = _DIGEST.match(text)
        return "unsupported digest algorithm" if known else "invalid checksum digest format"
    if len(value) != length:
        return "invalid checksum digest length"
    return "" if _HEX.match(value) else "invalid checksum digest format"


@dataclass
class InfoRequest(Message):
    digest: str = string(1)


@dataclass
class Info(Message):
    digest: str = string(1)
    size: int = integer(2)
    committed_at: Timestamp | None = message(3, Timestamp)
    updated_at: Timestamp | None = message(4, Timestamp)


@dataclass
class UpdateRequest(Message):
    info: Info | None = message(1, Info)


@dataclass
class InfoResponse(Message):
    info: Info | None = message(1, Info)


@dataclass
class ListRequest(Message):
    filters: list[str] = many(1, STRING)


@dataclass
class ListResponse(Message):
    info: list[Info] = many(1, Info)


@dataclass
class ReadRequest(Message):
    digest: str = string(1)
    offset: int = integer(2)
    size: int = integer(3)


@dataclass
class ReadResponse(Message):
    offset: int = integer(1)
    data: bytes = blob(2)


@dataclass
class StatusRequest(Message):
    ref: str = string(1)


@dataclass
class WriteRequest(Message):
    action: int = integer(1)
    ref: str = string(2)
    total: int = integer(3)
    expected: str = string(4)
    offset: int = integer(5)
    data: bytes = blob(6)
