"""Where a daemon listens: ``unix:///path``, ``tcp://host:port``, ``ssh://user@host``."""

from __future__ import annotations

from boxship.base.errors import InvalidParameter

DEFAULT_ADDRESS = "unix:///run/boxship/boxship.sock"
TCP_PORT = 2375
_SCHEMES = ("unix", "tcp", "http", "https", "ssh")


class Endpoint:
    """One daemon's address. ``text`` is what the user wrote and what errors show.

    ``path`` is set for unix sockets, ``host`` and ``port`` for TCP and ssh, ``user`` for ssh;
    ``base`` is the path that a TCP address may carry in front of every request target (a proxy's
    mount point).
    """

    __slots__ = ("base", "host", "path", "port", "scheme", "text", "user")

    def __init__(
        self,
        text: str,
        scheme: str,
        path: str = "",
        host: str = "",
        port: int = 0,
        base: str = "",
        user: str = "",
    ) -> None:
        self.text = text
        self.scheme = scheme
        self.path = path
        self.host = host
        self.port = port
        self.base = base
        self.user = user


def parse_endpoint(text: str) -> Endpoint:
    """*text* as an :class:`Endpoint`; :class:`InvalidParameter` when it is no address."""
    scheme, separator, rest = text.strip().partition("://")
    if not separator:
        scheme, rest = ("unix", text) if text.startswith("/") else ("tcp", text)
    if scheme not in _SCHEMES or not rest:
        raise InvalidParameter(
            f"invalid daemon address {text!r}: expected unix:///path, tcp://host:port or "
            "ssh://user@host"
        )
    if scheme == "unix":
        return Endpoint(text, "unix", path=rest)
    if scheme == "ssh":
        return _parse_ssh(text, rest)
    return _parse_tcp(text, rest)


def _parse_tcp(text: str, rest: str) -> Endpoint:
    authority, slash, base = rest.partition("/")
    host, port = _split_port(text, authority)
    return Endpoint(
        text,
        "tcp",
        host=host or "localhost",
        port=port or TCP_PORT,
        base=(slash + base).rstrip("/"),
    )


def _parse_ssh(text: str, rest: str) -> Endpoint:
    """``[user@]host[:port][/path]``; the path is that of the socket over there."""
    authority, slash, path = rest.partition("/")
    user, _, place = authority.rpartition("@")
    host, port = _split_port(text, place)
    # A word that begins with a dash would be an option of ssh, and passwords are not for URLs.
    if not host or host.startswith("-") or user.startswith("-") or ":" in user:
        raise InvalidParameter(
            f"invalid daemon address {text!r}: expected ssh://[user@]host[:port]"
        )
    return Endpoint(text, "ssh", path=slash + path if path else "", host=host, port=port, user=user)


def _split_port(text: str, authority: str) -> tuple[str, int]:
    """Host and port, 0 where none is given."""
    if authority.startswith("["):
        host, _, port = authority[1:].partition("]")
        port = port.removeprefix(":")
    else:
        host, _, port = authority.partition(":")
    if port and not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise InvalidParameter(f"invalid daemon address {text!r}: bad port {port!r}")
    return host, int(port or 0)
