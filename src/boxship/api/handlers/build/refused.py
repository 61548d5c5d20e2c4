"""The paths of the builder and of BuildKit, which this engine does not have."""

from typing import Any

from boxship.api.request import Request
from boxship.api.response import Response
from boxship.base.errors import NotSupported


async def refused(engine: Any, request: Request) -> Response:
    raise NotSupported("building images is not available in this engine")
