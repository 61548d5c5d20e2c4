"""GET /networks."""

from boxship.api.filters import Filters
from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.api.versions import adapt_response
from boxship.engine import networks
from boxship.engine.engine import Engine
from boxship.engine.networks import Network

_FILTERS = ("dangling", "driver", "id", "label", "name", "scope", "type")


async def list_networks(engine: Engine, request: Request) -> Response:
    filters = request.query.filters(_FILTERS)
    filters.require_values("type", ("builtin", "custom"))
    dangling = filters.flag("dangling")
    answer = [
        row
        for network, row in networks.describe_all(engine)
        if _matches(filters, network) and (dangling is None or dangling is False)
    ]
    return Json(adapt_response("network.list", request.version, answer))


def _matches(filters: Filters, network: Network) -> bool:
    return (
        filters.exact("driver", network.driver)
        and filters.prefix("id", network.id)
        and filters.search("name", network.name)
        and filters.exact("scope", "local")
        and filters.exact("type", "builtin")
        and filters.match_pairs("label", {})
    )
