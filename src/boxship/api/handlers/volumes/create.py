"""POST /volumes/create."""

from typing import Any

import msgspec

from boxship.api.handlers.swarm.refused import NO_MANAGER
from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.base.errors import Unavailable
from boxship.engine import volumes
from boxship.engine.engine import Engine

_CLUSTER_SINCE = (1, 42)


class _Create(msgspec.Struct, rename="pascal"):
    name: str = ""
    driver: str = ""
    driver_opts: dict[str, str] | None = None
    labels: dict[str, str] | None = None
    cluster_volume_spec: dict[str, Any] | None = None


async def create(engine: Engine, request: Request) -> Response:
    body = await request.json(_Create)
    if body.cluster_volume_spec is not None and request.version >= _CLUSTER_SINCE:
        raise Unavailable(NO_MANAGER)
    volume = await volumes.create(engine, body.name, body.driver, body.labels, body.driver_opts)
    return Json(volumes.describe(volume), 201)
