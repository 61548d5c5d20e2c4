"""One request as the hub's handlers see it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

from boxship.base.errors import InvalidParameter
from boxship.hub.hub import Hub
from boxship.wire.exchange import Exchange

_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?\Z|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?\Z")
_MOST_FIELDS = 200
FORM = "application/x-www-form-urlencoded"
_FORM_LIMIT = 64 << 10


@dataclass(slots=True)
class Request:
    hub: Hub
    exchange: Exchange
    path: str
    """Without percent-encoding."""
    query: dict[str, list[str]] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        return self.exchange.head.method

    def header(self, name: str) -> str:
        """Empty when it was not sent."""
        return self.exchange.head.headers.get(name, "")

    def option(self, name: str) -> str:
        """The first value of a query parameter; empty when there is none."""
        return self.query.get(name, [""])[0]

    @property
    def host(self) -> str:
        """The authority that the client asked for."""
        host = self.header("host")
        if _HOST.match(host) is None:
            raise InvalidParameter("malformed Host header")
        return host

    @property
    def secure(self) -> bool:
        """Whether the client, at its end, speaks TLS."""
        settings = self.hub.settings
        if settings.url:
            return settings.url.startswith("https://")
        scheme = self.header("x-forwarded-proto").rpartition(",")[2].strip().lower()
        if scheme in ("http", "https") and settings.proxies.trusts(self.exchange.peer):
            return scheme == "https"
        return settings.tls

    @property
    def origin(self) -> str:
        """Scheme and authority under which the client knows the hub."""
        if self.hub.settings.url:
            return self.hub.settings.url
        return f"{'https' if self.secure else 'http'}://{self.host}"

    @property
    def address(self) -> str:
        """The client's address without its port."""
        forwarded = self.header("x-forwarded-for")
        return self.hub.settings.proxies.client(self.exchange.peer, forwarded)

    async def form(self) -> dict[str, str]:
        """The fields of a small form, the first of each name."""
        if not self.header("content-type").lower().startswith(FORM):
            raise InvalidParameter(f"expected a body of type {FORM}")
        body = await self.exchange.body.read_all(_FORM_LIMIT)
        return {name: values[0] for name, values in parameters(body.decode("latin-1")).items()}


def parse(request: Request) -> None:
    """Fill in path and query; :class:`InvalidParameter` where they are no UTF-8 text."""
    head = request.exchange.head
    try:
        request.path = unquote(head.path, errors="strict") if "%" in head.path else head.path
    except UnicodeDecodeError:
        raise InvalidParameter("the path is no UTF-8 text") from None
    request.query = parameters(head.query)


def parameters(text: str) -> dict[str, list[str]]:
    if not text:
        return {}
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise InvalidParameter(f"malformed parameters: {error}") from None
