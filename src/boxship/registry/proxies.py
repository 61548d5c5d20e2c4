"""Which proxy a request goes through, by the usual environment variables."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from boxship.base.errors import InvalidParameter
from boxship.registry.url import Url


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy. ``user`` and ``password`` are empty when it asks for none."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Proxies:
    """``http`` and ``https`` are by the scheme of the request; ``exceptions`` go without one."""

    http: Proxy | None = None
    https: Proxy | None = None
    exceptions: tuple[str, ...] = ()

    def choose(self, url: Url) -> Proxy | None:
        if url.host == "localhost" or _is_loopback(url.host):
            return None
        if any(_matches(rule, url) for rule in self.exceptions):
            return None
        return self.https if url.scheme == "https" else self.http


def from_environment(
    environment: Mapping[str, str], settings: Mapping[str, str] | None = None
) -> Proxies:
    """Variables in capitals or not; *settings* (``http-proxy`` and so on) go before them.

    :class:`InvalidParameter` for a proxy that is no HTTP one.
    """

    def value(name: str) -> str:
        set_here = (settings or {}).get(name.lower().replace("_", "-"))
        return set_here or environment.get(name) or environment.get(name.lower()) or ""

    rules = tuple(rule.strip().lower() for rule in value("NO_PROXY").split(",") if rule.strip())
    return Proxies(_proxy(value("HTTP_PROXY")), _proxy(value("HTTPS_PROXY")), rules)


def _proxy(text: str) -> Proxy | None:
    if not text:
        return None
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port or 80
    except ValueError:
        raise InvalidParameter(f"invalid proxy address: {_hidden(text)}") from None
    if parts.scheme != "http" or not parts.hostname:
        raise InvalidParameter(f"unsupported proxy {_hidden(text)}: expected http://host:port")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Proxy(parts.hostname, port, user, password)


def _hidden(text: str) -> str:
    """*text* without user and password."""
    scheme, colon, rest = text.rpartition("://")
    return scheme + colon + rest.rpartition("@")[2]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _matches(rule: str, url: Url) -> bool:
    """``*``, a domain (with its subdomains), an address or a network; maybe with a port."""
    if rule == "*":
        return True
    name, colon, port = rule.rpartition(":")
    if colon and port.isdigit() and ":" not in name:
        if int(port) != url.port:
            return False
        rule = name
    try:
        return ipaddress.ip_address(url.host) in ipaddress.ip_network(rule, strict=False)
    except ValueError:
        bare = rule.removeprefix("*").removeprefix(".")
        return url.host == bare or url.host.endswith(f".{bare}")
