"""A client of one daemon: calls, streams and hijacked connections, each with its errors raised."""

from __future__ import annotations

import os

from boxship.base.errors import InvalidParameter
from boxship.client.connection import Connection, connect
from boxship.client.errors import ConnectionLost, error_from_answer
from boxship.client.hijack import MULTIPLEXED_TYPE, RAW_TYPE, Hijacked
from boxship.client.http import Answer, read_answer, send_request
from boxship.client.jsontext import dumps, loads
from boxship.client.query import encode_query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from boxship.client.endpoint import Endpoint
    from boxship.client.query import Value
    from boxship.client.tls import TlsFiles

    Body = bytes | Iterable[bytes] | dict[str, Any] | list[Any] | None

NEWEST = (1, 51)
OLDEST = (1, 24)
USER_AGENT = "boxship-client"


def parse_version(text: str) -> tuple[int, int]:
    """``"1.45"`` as numbers; :class:`InvalidParameter` otherwise."""
    major, _, minor = text.partition(".")
    if not (major.isdigit() and minor.isdigit()):
        raise InvalidParameter(f"invalid API version {text!r}: expected major.minor")
    return int(major), int(minor)


class Client:
    """Not safe for threads. Every request has a connection of its own or the idle one.

    The API version is negotiated at the first request that needs it: the newest one that both
    sides know, or what ``DOCKER_API_VERSION`` says.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        tls: TlsFiles | None = None,
        api_version: str = "",
        headers: Mapping[str, str] = {},
    ) -> None:
        """*headers* go with every request."""
        self.endpoint = endpoint
        self._tls = tls
        self._headers = headers
        self._idle: Connection | None = None
        pinned = api_version or os.environ.get("DOCKER_API_VERSION", "")
        self._server: str | None = None
        self._version = parse_version(pinned.removeprefix("v")) if pinned else None

    def fork(self) -> Client:
        """A client of the same daemon with connections of its own (for signal handlers)."""
        other = Client(self.endpoint, self._tls, headers=self._headers)
        other._version = self._version
        return other

    @property
    def version(self) -> tuple[int, int]:
        if self._version is None:
            self._version = self._negotiate()
        return self._version

    @property
    def server(self) -> str:
        """What the daemon calls itself, such as ``Boxship/1.0 (linux)``."""
        if self._server is None:
            offered = self._negotiate()
            self._version = self._version or offered
        return self._server or ""

    def _negotiate(self) -> tuple[int, int]:
        answer = self._request("HEAD", "/_ping", {})
        answer.read()
        self._server = answer.headers.get("server", "")
        offered = answer.headers.get("api-version", "")
        if answer.status >= 500 and not offered:
            raise error_from_answer(answer.status, b"")
        return min(parse_version(offered), NEWEST) if offered else OLDEST

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Value] = {},
        body: Body = None,
        headers: Mapping[str, str] = {},
    ) -> Answer:
        """Send a request and return its answer, its body not yet read. Errors are raised."""
        version = self.version
        target = f"{self.endpoint.base}/v{version[0]}.{version[1]}{path}{encode_query(query)}"
        answer = self._request(method, target, headers, body)
        if answer.status >= 400:
            raise error_from_answer(answer.status, answer.read())
        return answer

    def json(
        self,
        method: str,
        path: str,
        query: Mapping[str, Value] = {},
        body: Body = None,
        headers: Mapping[str, str] = {},
    ) -> Any:
        """The answer's body as JSON; None where it has none."""
        text = self.call(method, path, query, body, headers).read()
        return loads(text) if text else None

    def documents(
        self,
        method: str,
        path: str,
        query: Mapping[str, Value] = {},
        body: Body = None,
        headers: Mapping[str, str] = {},
    ) -> Iterator[Any]:
        """The JSON documents of a streamed answer, each as soon as it has arrived."""
        for line in self.call(method, path, query, body, headers).lines():
            if line.strip():
                yield loads(line)

    def hijack(
        self, path: str, query: Mapping[str, Value], body: Body = None, *, tty: bool = False
    ) -> Hijacked:
        """POST *path* and take the connection over. ``tty`` says how to read the bytes when the
        daemon does not name the stream's type (before API 1.42)."""
        answer = self.call("POST", path, query, body, {"Connection": "Upgrade", "Upgrade": "tcp"})
        kind = answer.headers.get("content-type", "")
        multiplexed = kind == MULTIPLEXED_TYPE or (kind == RAW_TYPE and not tty)
        return self._hijacked(answer.connection, multiplexed)

    def upgrade(
        self, path: str, protocol: str, body: Body, headers: Mapping[str, str]
    ) -> Connection:
        """POST *path* and speak *protocol* on the connection, which is the caller's."""
        headers = {**headers, "Connection": "Upgrade", "Upgrade": protocol}
        answer = self.call("POST", path, {}, body, headers)
        if answer.status != 101:
            raise ConnectionLost(f"the daemon does not speak {protocol}")
        return answer.connection

    def raw(self) -> Hijacked:
        """A connection on which nothing has been said yet."""
        return self._hijacked(self._connect(), False)

    def _hijacked(self, connection: Connection, multiplexed: bool) -> Hijacked:
        if self._tls is None:
            return Hijacked(connection, multiplexed)
        from boxship.client.tls import HijackedTls

        return HijackedTls(connection, multiplexed)

    def _request(
        self, method: str, target: str, headers: Mapping[str, str], body: Body = None
    ) -> Answer:
        if isinstance(body, (dict, list)):
            body = dumps(body).encode()
            headers = {"Content-Type": "application/json", **headers}
        own = {"Host": self.endpoint.host or "boxship", "User-Agent": USER_AGENT}
        fields = {**own, **self._headers, **headers}
        connection, idle = self._take_connection()
        try:
            return self._exchange(connection, method, target, fields, body)
        except ConnectionLost:
            connection.close()
            if not idle or not (body is None or isinstance(body, bytes)):
                raise
        # The daemon had closed the idle connection: nothing of the request was acted upon.
        return self._exchange(self._connect(), method, target, fields, body)

    def _exchange(
        self,
        connection: Connection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None,
    ) -> Answer:
        try:
            send_request(connection, method, target, headers, body)
        except ConnectionLost:
            # A daemon that refuses an upload answers before it closes.
            answer = read_answer(connection)
            answer.headers.setdefault("connection", "close")
            return answer
        answer = read_answer(connection)
        if method == "HEAD":
            answer.has_no_body()
        answer.when_finished(self._keep)
        return answer

    def _connect(self) -> Connection:
        return connect(self.endpoint, self._tls)

    def _take_connection(self) -> tuple[Connection, bool]:
        idle, self._idle = self._idle, None
        return (idle, True) if idle is not None else (self._connect(), False)

    def _keep(self, connection: Connection) -> None:
        if self._idle is not None:
            self._idle.close()
        self._idle = connection

    def close(self) -> None:
        if self._idle is not None:
            self._idle.close()
            self._idle = None
