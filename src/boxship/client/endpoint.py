"""Where a daemon listens: ``unix:///path``, ``tcp://host:port``."""

from __future__ import annotations

import os

from boxship.base.errors import InvalidParameter, NotSupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

TCP_PORT = 2375
TLS_PORT = 2376
_SCHEMES = ("unix", "tcp", "http", "https")


class Endpoint:
    """One daemon's address. ``text`` is what the user wrote and what errors show.

    ``path`` is set for unix sockets, ``host`` and ``port`` for TCP; ``base`` is the path that a
    TCP address may carry in front of every request target (a proxy's mount point).
    """

    __slots__ = ("base", "host", "path", "port", "scheme", "text")

    def __init__(
        self, text: str, scheme: str, path: str = "", host: str = "", port: int = 0, base: str = ""
    ) -> None:
        self.text = text
        self.scheme = scheme
        self.path = path
        self.host = host
        self.port = port
        self.base = base


def runtime_directory(environ: Mapping[str, str] = os.environ) -> str:
    """The directory that holds the default socket: root's, or the user's own."""
    if os.geteuid() == 0:
        return "/run/boxship"
    parent = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return f"{parent}/boxship"


def default_address(environ: Mapping[str, str] = os.environ) -> str:
    return f"unix://{runtime_directory(environ)}/boxship.sock"


def parse_endpoint(text: str) -> Endpoint:
    """*text* as an :class:`Endpoint`; :class:`InvalidParameter` when it is no address."""
    scheme, separator, rest = text.strip().partition("://")
    if not separator:
        scheme, rest = ("unix", text) if text.startswith("/") else ("tcp", text)
    if scheme == "ssh":
        raise NotSupported(f"cannot connect to {text}: ssh:// addresses are not served yet")
    if scheme not in _SCHEMES or not rest:
        raise InvalidParameter(
            f"invalid daemon address {text!r}: expected unix:///path or tcp://host:port"
        )
    if scheme == "unix":
        return Endpoint(text, "unix", path=rest)
    return _parse_tcp(text, rest)


def _parse_tcp(text: str, rest: str) -> Endpoint:
    authority, slash, base = rest.partition("/")
    host, port = _split_port(authority)
    if port and not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise InvalidParameter(f"invalid daemon address {text!r}: bad port {port!r}")
    return Endpoint(
        text,
        "tcp",
        host=host or "localhost",
        port=int(port or TCP_PORT),
        base=(slash + base).rstrip("/"),
    )


def _split_port(authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        host, _, tail = authority[1:].partition("]")
        return host, tail.removeprefix(":")
    host, _, port = authority.partition(":")
    return host, port
