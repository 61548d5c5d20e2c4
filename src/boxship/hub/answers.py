"""What the hub's handlers answer with."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

import msgspec

from boxship.hub.storage.blobs import Reader

JSON = "application/json"
Headers: TypeAlias = list[tuple[str, str]]


@dataclass(slots=True)
class Answer:
    """*size* is what a HEAD announces where the body was not read."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    size: int | None = None


@dataclass(slots=True)
class BlobAnswer:
    """*count* bytes of *reader* from *start*; whoever sends it closes the reader."""

    status: int
    headers: Headers
    reader: Reader
    start: int
    count: int


Reply: TypeAlias = Answer | BlobAnswer


def json_answer(value: Any, status: int = 200, headers: Headers | None = None) -> Answer:
    body = msgspec.json.encode(value)
    return Answer(status, [("Content-Type", JSON), *(headers or [])], body)


def next_page(path: str, parameters: list[tuple[str, str]]) -> tuple[str, str]:
    """A Link header to the page behind this one (RFC 8288)."""
    return ("Link", f'<{quote(path)}?{urlencode(parameters)}>; rel="next"')
