"""GET /volumes."""

from boxship.api.filters import Filters
from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.engine import volumes
from boxship.engine.engine import Engine
from boxship.volumes.volume import Volume

_FILTERS = ("dangling", "driver", "label", "name")


async def list_volumes(engine: Engine, request: Request) -> Response:
    filters = request.query.filters(_FILTERS)
    dangling = filters.flag("dangling")
    found = [
        volumes.describe(volume)
        for volume in engine.volumes
        if _matches(filters, volume)
        and (dangling is None or dangling is not bool(volumes.users(engine, volume.name)))
    ]
    return Json({"Volumes": found, "Warnings": None})


def _matches(filters: Filters, volume: Volume) -> bool:
    return (
        filters.exact("driver", volume.driver)
        and filters.search("name", volume.name)
        and filters.match_pairs("label", volume.labels)
    )
