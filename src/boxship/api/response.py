"""What a handler answers with; ``server.py`` turns it into bytes on the connection."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from boxship.wire.hijack import HijackedConnection
from boxship.wire.jsonlines import json_line

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
RAW_STREAM = "application/vnd.docker.raw-stream"
MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream"
TAR = "application/x-tar"

Take: TypeAlias = Callable[[HijackedConnection], Awaitable[None]]


@dataclass(slots=True)
class Json:
    """Any value that msgspec encodes (builtins, dataclasses, Structs)."""

    value: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Empty:
    """No body. Status 204, or 200/201/304 where Docker's answer is bare."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Body:
    """A body that is already bytes."""

    data: bytes
    content_type: str = TEXT
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Stream:
    """A chunked body; every item of *chunks* is flushed at once. The server closes *chunks*.

    Unless the route says ``flush_early``, the head waits for the first chunk, so that an error
    raised before it still becomes a proper status. Later errors cut the connection.
    """

    chunks: AsyncIterator[bytes]
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass(slots=True)
class Later:
    """A JSON value that is still awaited when the head goes out; an error then cuts the
    connection."""

    value: Awaitable[Any]


@dataclass(slots=True)
class Hijack:
    """Leave HTTP: the head goes out (101 if the client asked to upgrade, else 200), is flushed
    alone, and then *take* owns the connection.

    A client may act on the head at once (``docker run`` starts the container that it attached to):
    what *take* does before it first awaits happens before any later request is looked at. With
    *settle* the server first waits a moment for the client to read the head, because some lose
    stream bytes that they read together with it; ask for it when such bytes may come at once.
    *abandon* is called instead of *take* when the client has gone meanwhile. A *protocol* other
    than ``tcp`` is one that the client has asked for by name.
    """

    take: Take
    content_type: str = RAW_STREAM
    protocol: str = "tcp"
    settle: bool = False
    abandon: Callable[[], None] | None = None


@dataclass(slots=True)
class WebSocket:
    """RFC 6455 upgrade; *take* gets a connection whose socket carries the messages' payloads."""

    take: Take
    abandon: Callable[[], None] | None = None


encode_json = json_line

Response: TypeAlias = Json | Empty | Body | Stream | Later | Hijack | WebSocket
