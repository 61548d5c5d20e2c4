"""Creating, removing, pruning, connecting and disconnecting."""

from boxship.api.request import Request
from boxship.api.response import Empty, Json, Response
from boxship.engine.engine import Engine
from boxship.engine.networks import connection, creation, removal
from boxship.images.moments import parse_until
from boxship.types.networking import ConnectRequest, DisconnectRequest, NetworkCreateRequest


async def create(engine: Engine, request: Request) -> Response:
    body = await request.json(NetworkCreateRequest, required=True)
    network = await creation.create(engine, body)
    return Json({"Id": network.id, "Warning": ""}, 201)


async def remove(engine: Engine, request: Request) -> Response:
    await removal.remove(engine, request.params["id"])
    return Empty()


async def prune(engine: Engine, request: Request) -> Response:
    filters = request.query.filters(("label", "label!", "until"))
    wanted = filters.only("until")
    until = parse_until(wanted) if wanted else 0
    labels = {name: filters.get(name) for name in ("label", "label!")}
    removed = await removal.prune(engine, until, labels)
    return Json({"NetworksDeleted": removed or None})


async def connect(engine: Engine, request: Request) -> Response:
    body = await request.json(ConnectRequest, required=True)
    reference = request.params["id"]
    await connection.connect(engine, reference, body.container, body.endpoint_config)
    return Empty(200)


async def disconnect(engine: Engine, request: Request) -> Response:
    body = await request.json(DisconnectRequest, required=True)
    await connection.disconnect(engine, request.params["id"], body.container, body.force)
    return Empty(200)
