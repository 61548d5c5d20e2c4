"""GET /networks."""

from boxship.api.filters import Filters
from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.api.versions import adapt_response
from boxship.base.errors import InvalidParameter
from boxship.engine.engine import Engine
from boxship.engine.networks import realization
from boxship.engine.networks.network import Network, describe
from boxship.engine.networks.removal import in_use

_FILTERS = ("dangling", "driver", "id", "label", "name", "scope", "type")


async def list_networks(engine: Engine, request: Request) -> Response:
    filters = request.query.filters(_FILTERS)
    for kind in filters.get("type"):
        if kind not in ("builtin", "custom"):
            raise InvalidParameter(f"invalid filter: 'type'='{kind}'")
    dangling = _dangling(filters)
    await realization.foresee_default_subnets(engine)
    answer = [
        describe(network, {})
        for network in engine.networks
        if _matches(filters, network)
        and (dangling is None or dangling == _is_dangling(engine, network))
    ]
    return Json(adapt_response("network.list", request.version, answer))


def _dangling(filters: Filters) -> bool | None:
    try:
        return filters.flag("dangling")
    except InvalidParameter:
        raise InvalidParameter(
            'invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")'
        ) from None


def _is_dangling(engine: Engine, network: Network) -> bool:
    """Whether it is the user's own and no container runs on it."""
    return not network.predefined and not in_use(engine, network)


def _matches(filters: Filters, network: Network) -> bool:
    return (
        filters.exact("driver", network.driver)
        and filters.prefix("id", network.id)
        and filters.search("name", network.name)
        and filters.exact("scope", network.scope)
        and filters.exact("type", "builtin" if network.predefined else "custom")
        and filters.match_pairs("label", network.labels)
    )
