"""Swarm mode: this engine is never a node of one."""

from typing import Any

from boxship.api.request import Request
from boxship.api.response import Response
from boxship.base.errors import NotSupported, Unavailable

NO_MANAGER = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect '
    "this node to swarm and try again."
)


async def needs_manager(engine: Any, request: Request) -> Response:
    raise Unavailable(NO_MANAGER)


async def needs_membership(engine: Any, request: Request) -> Response:
    raise Unavailable("This node is not part of a swarm")


async def cannot_join(engine: Any, request: Request) -> Response:
    raise NotSupported("swarm mode is not available in this engine")
