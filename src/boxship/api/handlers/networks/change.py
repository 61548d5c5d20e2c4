"""Creating, removing, pruning, connecting: what the predefined networks answer to it."""

import msgspec

from boxship.api.request import Request
from boxship.api.response import Empty, Json, Response
from boxship.engine import networks
from boxship.engine.engine import Engine
from boxship.types.networking import ConnectRequest, DisconnectRequest


class _Create(msgspec.Struct):
    name: str = msgspec.field(default="", name="Name")


async def create(engine: Engine, request: Request) -> Response:
    body = await request.json(_Create, required=True)
    networks.create(engine, body.name)
    return Empty(201)


async def remove(engine: Engine, request: Request) -> Response:
    networks.remove(engine, request.params["id"])
    return Empty()


async def prune(engine: Engine, request: Request) -> Response:
    request.query.filters(("label", "label!", "until"))
    return Json({"NetworksDeleted": None})


async def connect(engine: Engine, request: Request) -> Response:
    body = await request.json(ConnectRequest, required=True)
    networks.connect(engine, request.params["id"], body.container)
    return Empty(200)


async def disconnect(engine: Engine, request: Request) -> Response:
    body = await request.json(DisconnectRequest, required=True)
    networks.connect(engine, request.params["id"], body.container)
    return Empty(200)
