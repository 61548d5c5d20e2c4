"""A small HTTP/1.1 client: connections are kept, redirects followed, credentials never leaked."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from boxship import __version__
from boxship.registry.answer import STALL_TIME, Answer
from boxship.registry.connection import Connection, connect
from boxship.registry.errors import Interrupted, ProtocolError
from boxship.registry.proxies import Proxies
from boxship.registry.stream import Stream
from boxship.registry.url import Url

USER_AGENT = f"boxship/{__version__}"
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_PIECE = 1 << 20
_MOST_IDLE = 4  # connections kept for each origin


@dataclass(frozen=True, slots=True)
class Part:
    """The file *path* from byte *offset* on; *tell* gets the place that was reached."""

    path: Path
    offset: int
    tell: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Content:
    """A request's body: *open* starts it over for every attempt; *size* in bytes, None where that
    turns out only at the end. *part* is where its bytes lie, for connections that can take them
    from there."""

    open: Callable[[], AsyncIterator[bytes]]
    size: int | None
    media_type: str = "application/octet-stream"
    part: Part | None = None


def content(data: bytes, media_type: str) -> Content:
    """A body that is in memory."""

    async def once() -> AsyncIterator[bytes]:
        yield data

    return Content(once, len(data), media_type)


class Http:
    """Requests to any number of hosts. *tls* gives the context for a host. Belongs to one loop."""

    def __init__(
        self,
        proxies: Proxies,
        tls: Callable[[str, bool], ssl.SSLContext],
        stall: float = STALL_TIME,
    ) -> None:
        self._proxies = proxies
        self._tls = tls
        self._stall = stall
        self._idle: dict[tuple[str, str, int, bool], list[Connection]] = {}
        self._is_closed = False

    def close(self) -> None:
        """Keep no connection any more; requests under way end as they would."""
        self._is_closed = True
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: Url,
        headers: Mapping[str, str],
        body: Content | None = None,
        insecure: bool = False,
        led: bool = False,
    ) -> AsyncIterator[Answer]:
        """The answer, redirects followed for GET and HEAD.

        *insecure*: certificates are not looked at, and redirects may leave TLS. *led*: a registry,
        and not the user, has chosen the host, as it does with a redirect.
        """
        named = url.host
        for _ in range(_MOST_REDIRECTS + 1):
            led = led or url.host != named
            connection, answer = await self._exchange(method, url, headers, body, insecure, led)
            try:
                target = _redirection(method, answer, insecure)
                if target is None:
                    yield answer
                    return
            finally:
                self._give_back(url, insecure, connection, answer)
            if target.origin != url.origin:
                headers = _without_credentials(headers)
            url = target
        raise ProtocolError(f"{url}: stopped after {_MOST_REDIRECTS} redirects")

    async def _exchange(
        self,
        method: str,
        url: Url,
        headers: Mapping[str, str],
        body: Content | None,
        insecure: bool,
        led: bool,
    ) -> tuple[Connection, Answer]:
        while True:
            connection = await self._connection(url, insecure, led)
            answer = Answer(connection, method, url, self._stall)
            try:
                await self._send(connection, method, url, headers, body)
                await answer.head()
                return connection, answer
            except Interrupted:
                connection.close()
                # A kept connection may have been closed by the other side meanwhile. What is
                # appended to something must not arrive twice.
                if not connection.used or method == "PATCH":
                    raise
            except BaseException:
                connection.close()
                raise

    async def _connection(self, url: Url, insecure: bool, led: bool) -> Connection:
        idle = self._idle.get((*url.origin, insecure), [])
        while idle:
            connection = idle.pop()
            if connection.alive:
                connection.used = True
                return connection
            connection.close()
        tls = self._tls(url.authority, insecure) if url.scheme == "https" else None
        return await connect(url, self._proxies.choose(url), tls, led)

    def _give_back(self, url: Url, insecure: bool, connection: Connection, answer: Answer) -> None:
        idle = self._idle.setdefault((*url.origin, insecure), [])
        if answer.reusable and connection.alive and not self._is_closed and len(idle) < _MOST_IDLE:
            idle.append(connection)
        else:
            connection.close()

    async def _send(
        self,
        connection: Connection,
        method: str,
        url: Url,
        headers: Mapping[str, str],
        body: Content | None,
    ) -> None:
        stream = connection.stream
        stream.write(_head(connection, method, url, headers, body))
        try:
            if body is not None and body.part is not None and stream.is_plain:
                await self._send_part(stream, body.part, body.size or 0)
            elif body is not None:
                async for chunk in _framed(body):
                    stream.write(chunk)
                    async with asyncio.timeout(self._stall):
                        await stream.drain()
        except TimeoutError:
            raise Interrupted(f"{url}: nothing taken for {self._stall:.0f} seconds") from None
        except OSError:
            return  # the answer, if there is one, says why

    async def _send_part(self, stream: Stream, part: Part, size: int) -> None:
        end = part.offset + size
        with await asyncio.to_thread(open, part.path, "rb", 0) as file:
            for offset in range(part.offset, end, _PIECE):
                async with asyncio.timeout(self._stall):
                    await stream.send_file(file, offset, min(_PIECE, end - offset))
                part.tell(min(offset + _PIECE, end))


async def _framed(body: Content) -> AsyncIterator[bytes]:
    """The body as it goes over the wire (RFC 9112, section 7.1)."""
    async for chunk in body.open():
        if body.size is not None:
            yield chunk
        elif chunk:
            yield b"%x\r\n%b\r\n" % (len(chunk), chunk)
    if body.size is None:
        yield b"0\r\n\r\n"


def _head(
    connection: Connection, method: str, url: Url, headers: Mapping[str, str], body: Content | None
) -> bytes:
    target = str(url) if connection.absolute else url.target
    fields = {"Host": url.authority, "User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    if connection.authorization:
        fields["Proxy-Authorization"] = connection.authorization
    if body is not None:
        fields["Content-Type"] = body.media_type
        if body.size is None:
            fields["Transfer-Encoding"] = "chunked"
        else:
            fields["Content-Length"] = str(body.size)
    elif method in ("POST", "PUT", "PATCH"):
        fields["Content-Length"] = "0"
    fields.update(headers)
    lines = [f"{method} {target} HTTP/1.1", *(f"{key}: {value}" for key, value in fields.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ProtocolError("line break in a request header")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


def _redirection(method: str, answer: Answer, insecure: bool) -> Url | None:
    location = answer.headers.get("location")
    if answer.status not in _REDIRECTS or method not in ("GET", "HEAD") or not location:
        return None
    target = answer.url.join(location)
    if answer.url.scheme == "https" and target.scheme != "https" and not insecure:
        raise ProtocolError(f"{answer.url}: refusing the redirect from https to http")
    return target


def _without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key.lower() != "authorization"}
