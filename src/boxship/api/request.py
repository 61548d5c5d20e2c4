"""One request as a handler sees it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from boxship.api.jsonbody import content_type_error
from boxship.api.query import Query
from boxship.base.errors import InvalidParameter
from boxship.types.decode import decode, mentions
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

    async def json(self, model: type[T], *, required: bool = False) -> T:
        """The JSON body as *model*, by Go's rules (:mod:`boxship.types.decode`).

        An empty body gives ``model()``, unless it is *required*; InvalidParameter in Docker's
        words for a wrong content type and for what is no JSON of that shape.
        """
        if problem := content_type_error(self.headers.get("content-type"), self.body.empty):
            raise InvalidParameter(problem)
        if self.body.empty and not required:
            return model()
        return decode(model, await self.body.read_all(JSON_LIMIT))

    async def json_if_any(self, model: type[T]) -> T | None:
        """As :meth:`json`; None where the body names no field of *model*, or there is none."""
        if problem := content_type_error(self.headers.get("content-type"), self.body.empty):
            raise InvalidParameter(problem)
        if self.body.empty:
            return None
        raw = await self.body.read_all(JSON_LIMIT)
        value = decode(model, raw)
        return value if mentions(model, raw) else None
