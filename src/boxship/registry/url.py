"""URLs of registries, checked before anything is sent to them."""

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from boxship.registry.errors import ProtocolError

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Url:
    """``target`` is path and query as they go into the request line."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """What credentials belong to (RFC 6454)."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    def join(self, location: str) -> "Url":
        """Where a ``Location`` header leads. :class:`ProtocolError` when that is no web address."""
        try:
            return parse(urljoin(str(self), location))
        except ValueError:
            raise ProtocolError(f"{self} redirects to a malformed address") from None

    def with_query(self, query: str) -> "Url":
        """*query* added to what is there."""
        joiner = "&" if "?" in self.target else "?"
        return Url(self.scheme, self.host, self.port, f"{self.target}{joiner}{query}")


def parse(text: str) -> Url:
    """:class:`ProtocolError` for what is no ``http`` or ``https`` URL of printable ASCII."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ProtocolError(f"malformed address {text[:200]!r}") from None
    host = parts.hostname
    plain = text.isascii() and text.isprintable() and " " not in text
    if parts.scheme not in _PORTS or not host or not plain or parts.username is not None:
        raise ProtocolError(f"refusing the address {text[:200]!r}: expected http:// or https://")
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    return Url(parts.scheme, host, port or _PORTS[parts.scheme], target)
