"""Request heads: request line and headers (RFC 9112, sections 2 to 6)."""

import string
from dataclasses import dataclass

import httptools

from boxship.wire.errors import BadRequest, ExpectationFailed, VersionNotSupported

_HOST_CHARACTERS = frozenset(string.ascii_letters + string.digits + "!$%&()*+,-.:;=['_~]")


@dataclass(slots=True)
class RequestHead:
    method: str
    path: str
    """Percent-encoded, as sent; ``*`` for ``OPTIONS *``."""
    query: str
    headers: dict[str, str]
    """Names in lower case; repeated ones joined by a comma."""
    http_1_0: bool
    keep_alive: bool
    content_length: int
    chunked: bool

    def tokens(self, name: str) -> set[str]:
        """The comma-separated values of header *name* in lower case."""
        return {part.strip().lower() for part in self.headers.get(name, "").split(",")} - {""}

    @property
    def wants_upgrade(self) -> bool:
        """Return whether an Upgrade header is there; as dockerd, whatever Connection says."""
        return "upgrade" in self.headers

    @property
    def expects_continue(self) -> bool:
        return not self.http_1_0 and "100-continue" in self.tokens("expect")


def head_end(buffer: bytearray, start: int) -> int:
    """The offset behind the empty line that ends the head, searching from *start*, or −1."""
    end = buffer.find(b"\r\n\r\n", start)
    bare = buffer.find(b"\n\n", start, end if end >= 0 else len(buffer))
    # A head with bare line feeds is malformed; end it here so that the parser says so.
    if bare >= 0:
        return bare + 2
    return end + 4 if end >= 0 else -1


def parse_head(data: bytes) -> RequestHead:
    """*data*, which ends with the empty line, as a head; :class:`BadRequest` when malformed."""
    collector = _Collector()
    parser = httptools.HttpRequestParser(collector)
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError as error:
        raise BadRequest(f"malformed request: {error}") from None
    if not collector.complete:
        raise BadRequest("malformed request: headers end too early")
    headers = collector.headers
    version = parser.get_http_version()
    http_1_0 = version == "1.0"
    if version.startswith("2"):
        raise VersionNotSupported("unsupported protocol version")
    _check_host(headers.get("host"), collector.hosts, http_1_0)
    if headers.get("expect", "100-continue").lower() not in ("", "100-continue"):
        raise ExpectationFailed("unsupported expectation")
    path, query = _split_target(collector.target)
    chunked, length = _framing(headers, http_1_0)
    return RequestHead(
        method=parser.get_method().decode("ascii"),
        path=path,
        query=query,
        headers=headers,
        http_1_0=http_1_0,
        keep_alive=_keeps_alive(headers, http_1_0),
        content_length=length,
        chunked=chunked,
    )


def _check_host(host: str | None, count: int, http_1_0: bool) -> None:
    """Refuse the Host headers that Go's server refuses (RFC 9112, section 3.2)."""
    if host is None:
        if http_1_0:
            return
        raise BadRequest("missing required Host header")
    if count > 1:
        raise BadRequest("too many Host headers")
    if not _HOST_CHARACTERS.issuperset(host):
        raise BadRequest("malformed Host header")


class _Collector:
    """httptools' callbacks. The parser sees heads only; bodies are framed by ``body_framing``."""

    __slots__ = ("complete", "headers", "hosts", "target")

    def __init__(self) -> None:
        self.target = b""
        self.headers: dict[str, str] = {}
        self.hosts = 0
        self.complete = False

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1").strip(" \t")
        self.hosts += key == "host"
        known = self.headers.get(key)
        self.headers[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        self.complete = True


def _split_target(target: bytes) -> tuple[str, str]:
    text = target.decode("latin-1")
    if text.lower().startswith(("http://", "https://")):
        rest = text.partition("://")[2]
        cut = min((rest.find(mark) for mark in "/?" if mark in rest), default=len(rest))
        text = rest[cut:] if rest[cut : cut + 1] == "/" else "/" + rest[cut:]
    if not text.startswith("/") and text != "*":
        raise BadRequest("malformed request: invalid URI")
    path, _, query = text.partition("?")
    return path, query


def _framing(headers: dict[str, str], http_1_0: bool) -> tuple[bool, int]:
    """Whether the body is chunked, and its length otherwise. Ambiguity is smuggling: refused."""
    coding = headers.get("transfer-encoding")
    length = headers.get("content-length")
    if coding is not None:
        if coding.lower() != "chunked" or length is not None or http_1_0:
            raise BadRequest("unsupported transfer encoding")
        return True, 0
    if length is None:
        return False, 0
    if not (length.isascii() and length.isdigit()) or len(length) > 18:
        raise BadRequest("invalid Content-Length")
    return False, int(length)


def _keeps_alive(headers: dict[str, str], http_1_0: bool) -> bool:
    connection = headers.get("connection")
    if connection is None:
        return not http_1_0
    tokens = {token.strip() for token in connection.lower().split(",")}
    return "keep-alive" in tokens if http_1_0 else "close" not in tokens
