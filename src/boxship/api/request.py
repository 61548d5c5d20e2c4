"""One request as a handler sees it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, overload

from boxship.api.jsonbody import content_type_error, decode_json
from boxship.api.query import Query
from boxship.base.errors import InvalidParameter
from boxship.wire.peer import Peer

Version = tuple[int, int]
T = TypeVar("T")

CURRENT: Version = (1, 51)
OLDEST: Version = (1, 24)
JSON_LIMIT = 16 << 20


class Body(Protocol):
    """The request's body; reading it lifts the client's ``Expect: 100-continue``."""

    @property
    def empty(self) -> bool:
        """True when the head announces no body (no length, no chunks)."""

    async def read_all(self, limit: int) -> bytes:
        """The whole body; PayloadTooLarge beyond *limit* bytes, ClientGone when cut off."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, with back-pressure; ClientGone when it is cut off."""


@dataclass(slots=True)
class Request:
    method: str
    path: str
    """Decoded, without the version prefix."""
    query: Query
    headers: Mapping[str, str]
    """Names in lower case; repeated ones joined by a comma."""
    body: Body
    peer: Peer
    disconnected: "asyncio.Future[None]"
    """Done when the client is known to have gone; never fails."""
    version: Version = CURRENT
    params: dict[str, str] = field(default_factory=dict)

    @overload
    async def json(self) -> Any: ...
    @overload
    async def json(self, model: type[T], *, required: bool = False) -> T: ...

    async def json(self, model: Any = Any, *, required: bool = False) -> Any:
        """The JSON body as *model* (a msgspec Struct or builtin type).

        Keys match whatever their case, unknown keys and null members are ignored, as Go's decoder
        does. An empty body or ``null`` gives ``model()`` (None without a model), unless *required*.
        """
        if problem := content_type_error(self.headers.get("content-type"), self.body.empty):
            raise InvalidParameter(problem)
        raw = b"" if self.body.empty else await self.body.read_all(JSON_LIMIT)
        if not raw.strip() and (required or raw):
            raise InvalidParameter("invalid JSON: got EOF while reading request body")
        return decode_json(raw, model)
