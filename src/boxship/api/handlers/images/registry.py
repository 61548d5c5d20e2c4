"""Operations that need a registry: push, search, and a look at a remote manifest."""

from boxship.api.handlers.images.engine import Engine
from boxship.api.request import Request
from boxship.api.response import Response
from boxship.base.errors import InvalidParameter, NotFound, NotSupported
from boxship.images import reference

_UNREACHABLE = "this engine does not reach registries"


async def push(engine: Engine, request: Request) -> Response:
    named = reference.parse(request.params["name"])
    if request.query.get("tag"):
        named = named.with_tag(request.query.get("tag"))
    try:
        engine.images.resolve(str(named))
    except NotFound:
        raise NotFound(
            f"An image does not exist locally with the tag: {named.familiar_name}"
        ) from None
    raise NotSupported(f"cannot push {named.familiar}: {_UNREACHABLE}, save the image instead")


async def search(engine: Engine, request: Request) -> Response:
    if not request.query.get("term"):
        raise InvalidParameter("a term to search for is required")
    raise NotSupported(f"cannot search: {_UNREACHABLE}")


async def distribution(engine: Engine, request: Request) -> Response:
    named = reference.parse(request.params["name"])
    raise NotSupported(f"cannot look up {named.familiar}: {_UNREACHABLE}")
