"""POST /build/cancel: harmless for a build that does not run."""

from typing import Any

from boxship.api.request import Request
from boxship.api.response import Empty, Response
from boxship.base.errors import InvalidParameter


async def cancel(engine: Any, request: Request) -> Response:
    if not request.query.get("id"):
        raise InvalidParameter("build ID not provided")
    return Empty(200)
