"""Connections to registries: TCP, TLS, and through a proxy."""

import asyncio
import base64
import socket
import ssl
from dataclasses import dataclass

from boxship.registry.errors import TransportError
from boxship.registry.proxies import Proxy
from boxship.registry.url import Url

CONNECT_TIME = 30.0  # seconds for name, TCP and TLS together
_BUFFER = 256 << 10
_MOST_HEAD = 64 << 10


@dataclass(slots=True)
class Connection:
    """A stream to an origin. *absolute*: requests name the whole URL, for a proxy to forward."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    absolute: bool = False
    authorization: str = ""
    used: bool = False

    def close(self) -> None:
        # No waiting for a close_notify: nothing that matters can still come.
        self.writer.transport.abort()

    @property
    def alive(self) -> bool:
        return not self.reader.at_eof() and not self.writer.is_closing()


async def connect(url: Url, proxy: Proxy | None, tls: ssl.SSLContext | None) -> Connection:
    """:class:`TransportError` in words that name the host and the reason."""
    try:
        async with asyncio.timeout(CONNECT_TIME):
            if proxy is not None:
                return await _through(proxy, url, tls)
            return Connection(*await _open(url.host, url.port, tls))
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


async def _open(
    host: str, port: int, tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(host, port, ssl=tls, limit=_BUFFER)


async def _through(proxy: Proxy, url: Url, tls: ssl.SSLContext | None) -> Connection:
    reader, writer = await _open(proxy.host, proxy.port, None)
    authorization = _basic(proxy)
    if tls is None:
        return Connection(reader, writer, absolute=True, authorization=authorization)
    try:
        await _tunnel(reader, writer, url, authorization)
        await writer.start_tls(tls, server_hostname=url.host)
    except BaseException:
        writer.transport.abort()
        raise
    return Connection(reader, writer)


async def _tunnel(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: Url, authorization: str
) -> None:
    host = f"[{url.host}]" if ":" in url.host else url.host
    lines = [f"CONNECT {host}:{url.port} HTTP/1.1", f"Host: {host}:{url.port}"]
    if authorization:
        lines.append(f"Proxy-Authorization: {authorization}")
    writer.write("\r\n".join([*lines, "", ""]).encode())
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise TransportError(f"{_where(url)}: the proxy closed the connection") from None
    status = head[:_MOST_HEAD].split(b" ", 2)[1:2]
    if status != [b"200"]:
        answer = status[0].decode("ascii", "replace")[:3] if status else "nothing"
        raise TransportError(f"{_where(url)}: the proxy answered {answer}")


def _basic(proxy: Proxy) -> str:
    if not proxy.user:
        return ""
    pair = f"{proxy.user}:{proxy.password}".encode()
    return "Basic " + base64.b64encode(pair).decode()
