"""POST /containers/create."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.api.versions import adapt_request
from boxship.engine.containers import create as verb
from boxship.engine.engine import Engine
from boxship.types.create import CreateRequest
from boxship.types.host_config import HostConfig


async def create(engine: Engine, request: Request) -> Response:
    body = await request.json(CreateRequest, required=True)
    # A version's defaults hold for a host part that was left out, too.
    body.host_config = body.host_config or HostConfig()
    body.take_old_limits(body.host_config)
    body = adapt_request("container.create", request.version, body)
    options = verb.CreateOptions(
        name=request.query.get("name"),
        platform=request.query.get("platform") if request.version >= (1, 41) else "",
        warn_mac_address=request.version >= (1, 44),
        read_only_below=request.version >= (1, 44),
    )
    created = await verb.create(engine, body, options)
    return Json({"Id": created.id, "Warnings": created.warnings}, 201)
