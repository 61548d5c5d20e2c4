"""Results as clients carry them from one build to another: a graph of one node, an image here."""

import hashlib
from dataclasses import dataclass

from boxship.wire.protobuf import (
    BYTES,
    DecodeError,
    Message,
    many,
    mapping,
    message,
    string,
)

_IMAGE = "docker-image://"


@dataclass
class Input(Message):
    digest: str = string(1)


@dataclass
class SourceOperation(Message):
    identifier: str = string(1)


@dataclass
class Operation(Message):
    inputs: list[Input] = many(1, Input)
    source: SourceOperation | None = message(3, SourceOperation)


@dataclass
class Definition(Message):
    operations: list[bytes] = many(1, BYTES)
    metadata: dict[str, bytes] = mapping(2, BYTES)


def of_image(image_id: str) -> Definition:
    first = Operation(source=SourceOperation(_IMAGE + image_id)).encode()
    digest = f"sha256:{hashlib.sha256(first).hexdigest()}"
    last = Operation([Input(digest)]).encode()
    return Definition([first, last], {digest: b""})


def image_in(data: bytes) -> str:
    """The image that a definition is about, empty when it is about anything else."""
    try:
        encoded = Definition.decode(data).operations
        operations = [Operation.decode(one) for one in encoded] if len(encoded) <= 2 else []
    except DecodeError:
        return ""
    found = [operation for operation in operations if operation.source is not None]
    if len(found) != 1:
        return ""
    source = found[0].source
    identifier = source.identifier if source is not None else ""
    return identifier.removeprefix(_IMAGE) if identifier.startswith(_IMAGE) else ""
