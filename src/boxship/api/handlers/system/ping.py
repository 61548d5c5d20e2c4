"""GET and HEAD /_ping: is an engine there, and which."""

from typing import Any

from boxship.api.request import Request
from boxship.api.response import Body, Response

_HEADERS = {
    # 2: clients build by BuildKit's protocol unless they are told otherwise.
    "Builder-Version": "2",
    "Cache-Control": "no-cache, no-store, must-revalidate",
    "Pragma": "no-cache",
    "Swarm": "inactive",
}


async def ping(engine: Any, request: Request) -> Response:
    return Body(b"" if request.method == "HEAD" else b"OK", headers=_HEADERS)
