"""The pulling form of POST /images/create."""

from boxship.api.handlers.images.engine import Engine
from boxship.api.request import Request
from boxship.api.response import Response
from boxship.base.errors import NotFound
from boxship.images import reference


async def pull(engine: Engine, request: Request) -> Response:
    # Clients that miss an image pull it, so this is what `docker run` of an unknown image prints.
    name = reference.parse(request.query.get("fromImage")).familiar_name
    raise NotFound(
        f"pull access denied for {name}, repository does not exist or may require 'docker login': "
        "this engine does not reach registries, load or import the image instead"
    )
