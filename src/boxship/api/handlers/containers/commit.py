"""POST /commit."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.engine.containers import commit as verb
from boxship.engine.engine import Engine
from boxship.types.container_config import ContainerConfig


async def commit(engine: Engine, request: Request) -> Response:
    query = request.query
    config = await request.json_if_any(ContainerConfig)
    options = verb.CommitOptions(
        repository=query.get("repo"),
        tag=query.get("tag"),
        comment=query.get("comment"),
        author=query.get("author"),
        changes=[line for text in query.all("changes") for line in text.splitlines() if line],
        pause=query.flag("pause", True),
    )
    image_id = await verb.commit(engine, query.get("container"), config, options)
    return Json({"Id": image_id}, 201)
