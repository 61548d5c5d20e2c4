"""How a call ended: codes, messages and details."""

import base64
import binascii
import enum
from dataclasses import dataclass
from urllib.parse import quote, unquote

from boxship.base.errors import BoxshipError
from boxship.wire.http2.stream import Headers
from boxship.wire.protobuf import DecodeError, Message, blob, integer, many, string

# Characters of a message: it is for people, and goes into a header.
_LONGEST = 1 << 14


class Code(enum.IntEnum):
    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14


@dataclass
class Detail(Message):
    """google.protobuf.Any."""

    type_url: str = string(1)
    value: bytes = blob(2)


@dataclass
class Status(Message):
    """google.rpc.Status."""

    code: int = integer(1)
    message: str = string(2)
    details: list[Detail] = many(3, Detail)


class GrpcError(Exception):
    """A call failed with *status*."""

    def __init__(self, code: int, message: str, details: list[Detail] | None = None) -> None:
        super().__init__(message)
        self.status = Status(int(code), message, details or [])


def status_for(error: GrpcError | BoxshipError) -> Status:
    """What a client is told of *error*: ours are all of an unknown kind to gRPC."""
    return error.status if isinstance(error, GrpcError) else Status(Code.UNKNOWN, str(error))


def trailers(status: Status) -> Headers:
    found = [("grpc-status", str(int(status.code)))]
    if status.message:
        text = status.message[:_LONGEST].encode("utf-8", "replace")
        found.append(("grpc-message", quote(text, safe=" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~")))
    if status.details:
        data = base64.b64encode(status.encode()).decode().rstrip("=")
        found.append(("grpc-status-details-bin", data))
    return found


def status_of(headers: dict[str, str]) -> Status:
    """From trailers, a mapping; a missing one counts as unknown."""
    code = headers.get("grpc-status", "")
    found = Status(int(code) if code.isdecimal() else Code.UNKNOWN)
    found.message = unquote(headers.get("grpc-message", ""))
    details = headers.get("grpc-status-details-bin", "")
    if details:
        try:
            data = base64.b64decode(details + "=" * (-len(details) % 4))
            found.details = Status.decode(data).details
        except (binascii.Error, DecodeError):
            pass
    return found
