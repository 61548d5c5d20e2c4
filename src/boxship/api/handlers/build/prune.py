"""POST /build/prune: there is no build cache to prune."""

from typing import Any

from boxship.api.request import Request
from boxship.api.response import Json, Response


async def prune(engine: Any, request: Request) -> Response:
    return Json({"CachesDeleted": None, "SpaceReclaimed": 0})
