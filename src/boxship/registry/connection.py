"""Connections to registries: TCP, TLS, and through a proxy."""

import asyncio
import base64
import socket
import ssl
from dataclasses import dataclass

from boxship.registry.errors import TransportError
from boxship.registry.proxies import Proxy
from boxship.registry.stream import Stream
from boxship.registry.url import Url

CONNECT_TIME = 30.0  # seconds for name, TCP and TLS together
_MOST_HEAD = 64 << 10


@dataclass(slots=True)
class Connection:
    """A stream to an origin. *absolute*: requests name the whole URL, for a proxy to forward."""

    stream: Stream
    absolute: bool = False
    authorization: str = ""
    used: bool = False

    def close(self) -> None:
        # No waiting for a close_notify: nothing that matters can still come.
        self.stream.abort()

    @property
    def alive(self) -> bool:
        return self.stream.alive


async def connect(url: Url, proxy: Proxy | None, tls: ssl.SSLContext | None) -> Connection:
    """:class:`TransportError` in words that name the host and the reason."""
    try:
        async with asyncio.timeout(CONNECT_TIME):
            if proxy is not None:
                return await _through(proxy, url, tls)
            return Connection(await _open(url.host, url.port, tls))
    except TimeoutError:
        raise TransportError(f"{_where(url)}: i/o timeout") from None
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message or "certificate verify failed"
        raise TransportError(
            f"{_where(url)}: tls: failed to verify certificate: x509: {reason}"
        ) from None
    except ssl.SSLError as error:
        raise TransportError(f"{_where(url)}: tls: {error.reason or error}") from None
    except socket.gaierror:
        raise TransportError(f"dial tcp: lookup {url.host}: no such host") from None
    except OSError as error:
        raise TransportError(f"{_where(url)}: {_reason(error)}") from None


def _where(url: Url) -> str:
    return f"dial tcp {url.host}:{url.port}"


def _reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error):
        return "connect: connection refused"
    return (error.strerror or str(error)).lower()


async def _open(host: str, port: int, tls: ssl.SSLContext | None) -> Stream:
    loop = asyncio.get_running_loop()
    _, stream = await loop.create_connection(Stream, host, port, ssl=tls)
    return stream


async def _through(proxy: Proxy, url: Url, tls: ssl.SSLContext | None) -> Connection:
    stream = await _open(proxy.host, proxy.port, None)
    authorization = _basic(proxy)
    if tls is None:
        return Connection(stream, absolute=True, authorization=authorization)
    try:
        await _tunnel(stream, url, authorization)
        await stream.start_tls(tls, url.host)
    except BaseException:
        stream.abort()
        raise
    return Connection(stream)


async def _tunnel(stream: Stream, url: Url, authorization: str) -> None:
    host = f"[{url.host}]" if ":" in url.host else url.host
    lines = [f"CONNECT {host}:{url.port} HTTP/1.1", f"Host: {host}:{url.port}"]
    if authorization:
        lines.append(f"Proxy-Authorization: {authorization}")
    stream.write("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        piece = await stream.read()
        head += piece
        if not piece or len(head) > _MOST_HEAD:
            raise TransportError(f"{_where(url)}: the proxy closed the connection")
    status = head.split(b" ", 2)[1:2]
    if status != [b"200"]:
        answer = status[0].decode("ascii", "replace")[:3] if status else "nothing"
        raise TransportError(f"{_where(url)}: the proxy answered {answer}")
    if not head.endswith(b"\r\n\r\n"):
        raise TransportError(f"{_where(url)}: the proxy speaks before TLS")


def _basic(proxy: Proxy) -> str:
    if not proxy.user:
        return ""
    pair = f"{proxy.user}:{proxy.password}".encode()
    return "Basic " + base64.b64encode(pair).decode()
