"""GET /networks/{id}."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.api.versions import adapt_response
from boxship.base.errors import NotFound
from boxship.engine import networks
from boxship.engine.engine import Engine


async def inspect(engine: Engine, request: Request) -> Response:
    network = networks.get(engine, request.params["id"])
    scope = request.query.get("scope")
    if scope not in ("", "local"):
        raise NotFound(f"network {request.params['id']} not found")
    answer = networks.describe(engine, network, containers=True)
    return Json(adapt_response("network.inspect", request.version, answer))
