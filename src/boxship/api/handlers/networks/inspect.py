"""GET /networks/{id}."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.api.versions import adapt_response
from boxship.base.errors import NotFound
from boxship.engine.engine import Engine
from boxship.engine.networks import realization
from boxship.engine.networks.attachment import endpoints_on
from boxship.engine.networks.network import describe


async def inspect(engine: Engine, request: Request) -> Response:
    await realization.foresee_default_subnets(engine)
    network = engine.networks.get(request.params["id"])
    scope = request.query.get("scope")
    if scope not in ("", "local"):
        raise NotFound(f"network {request.params['id']} not found")
    answer = describe(network, endpoints_on(engine, network))
    return Json(adapt_response("network.inspect", request.version, answer))
