"""Search at an index (Docker Registry HTTP API v1): Docker Hub, and old registries."""

from typing import Any

import msgspec

from boxship.base.errors import Internal
from boxship.registry.credentials import Credentials
from boxship.registry.errors import ProtocolError, TransportError, refusal
from boxship.registry.http import Http
from boxship.registry.settings import DOCKER_HUB, RegistrySettings
from boxship.registry.url import parse

_HUB = "index.docker.io"
_MOST = 4 << 20
_FIELDS = {
    "name": "",
    "description": "",
    "star_count": 0,
    "is_official": False,
    "is_automated": False,
}


async def search(
    http: Http,
    settings: RegistrySettings,
    domain: str,
    query: str,
    credentials: Credentials,
) -> list[dict[str, Any]]:
    """What the index of *domain* finds for *query* (already encoded): rows as the API has them.

    :class:`TransportError` in dockerd's words when it is not reached.
    """
    host = _HUB if domain == DOCKER_HUB else domain
    endpoint = settings.endpoints(host, push=True)[0]
    headers = {"Authorization": credentials.basic} if credentials.basic else {}
    failure: Exception | None = None
    for scheme in endpoint.schemes:
        url = parse(f"{scheme}://{host}/v1/search?{query}")
        try:
            async with http.request("GET", url, headers, None, endpoint.insecure) as answer:
                data = await answer.read(_MOST)
                if answer.status != 200:
                    raise refusal(answer.status, data, str(url))
                return _rows(data)
        except (TransportError, ProtocolError) as error:
            failure = TransportError(f'Get "{url}": {error}')
    assert failure is not None
    raise failure


def _rows(data: bytes) -> list[dict[str, Any]]:
    try:
        document: Any = msgspec.json.decode(data)
        found = document["results"] or []
        return [{key: _typed(row.get(key), like) for key, like in _FIELDS.items()} for row in found]
    except (msgspec.DecodeError, RecursionError, ValueError, KeyError, TypeError, AttributeError):
        raise Internal("the index answered with something else than search results") from None


def _typed(value: Any, like: object) -> object:
    return value if isinstance(value, type(like)) else like
