"""POST /volumes/create."""

import msgspec

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.engine import volumes
from boxship.engine.engine import Engine


class _Create(msgspec.Struct, rename="pascal"):
    name: str = ""
    driver: str = ""
    driver_opts: dict[str, str] | None = None
    labels: dict[str, str] | None = None


async def create(engine: Engine, request: Request) -> Response:
    body = await request.json(_Create)
    volume = await volumes.create(engine, body.name, body.driver, body.labels, body.driver_opts)
    return Json(volumes.describe(volume), 201)
