"""The shape of one row of the route table."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from boxship.api.request import Request, Version
from boxship.api.response import Response

# Each handler declares the slice of the engine that it uses, so the table cannot name one type.
Handler: TypeAlias = Callable[[Any, Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """``{name}`` in *pattern* matches one path segment, ``{name:path}`` one or more.

    *since* is the API version that brought the route, for readers: as with dockerd, requests of
    older versions may use it too. *on_disconnect* says what happens to the
    handler when its client goes: it is cancelled, or it finishes what it began.
    *flush_early*: see :class:`boxship.api.response.Stream`.
    """

    method: str
    pattern: str
    handler: Handler
    since: Version = (1, 24)
    on_disconnect: Literal["finish", "cancel"] = "finish"
    flush_early: bool = False
