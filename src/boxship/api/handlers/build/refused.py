"""The paths of BuildKit's protocol, which this engine does not speak."""

from typing import Any

from boxship.api.request import Request
from boxship.api.response import Response
from boxship.base.errors import NotSupported


async def refused(engine: Any, request: Request) -> Response:
    raise NotSupported("BuildKit's protocol is not available in this engine: set DOCKER_BUILDKIT=0")
