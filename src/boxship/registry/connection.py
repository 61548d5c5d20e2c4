"""Connections to registries: TCP, TLS, and through a proxy."""

import asyncio
import base64
import ipaddress
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


async def connect(
    url: Url, proxy: Proxy | None, tls: ssl.SSLContext | None, led: bool = False
) -> Connection:
    """:class:`TransportError` in words that name the host and the reason.

    *led*: somebody else than the user has chosen the host, who shall not reach what answers only
    to this machine.
    """
    try:
        async with asyncio.timeout(CONNECT_TIME):
            if proxy is not None:
                return await _through(proxy, url, tls)
            return Connection(await _open(url.host, url.port, tls, led))
    except TimeoutError:
        raise TransportError(f"{_where(url)}: i/o timeout") from None
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message or "certificate verify failed"
        raise TransportError(
            f"{_where(url)}: tls: failed to verify certificate: x509: {reason}"
        ) from None
    except ssl.SSLError as error:
        raise TransportError(f"{_where(url)}: tls: {error.reason or error}") from None
    except (socket.gaierror, UnicodeError):  # Python's, of names that can be none
        raise TransportError(f"dial tcp: lookup {url.host}: no such host") from None
    except OSError as error:
        raise TransportError(f"{_where(url)}: {_reason(error)}") from None


def _where(url: Url) -> str:
    return f"dial tcp {url.host}:{url.port}"


def _reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error):
        return "connect: connection refused"
    return (error.strerror or str(error)).lower() or "connection reset by peer"


async def _open(host: str, port: int, tls: ssl.SSLContext | None, led: bool = False) -> Stream:
    loop = asyncio.get_running_loop()
    if not led:
        _, stream = await loop.create_connection(Stream, host, port, ssl=tls)
        return stream
    _, stream = await loop.create_connection(Stream, host, port)
    try:
        _refuse_link_local(stream, host)
        if tls is not None:
            await stream.start_tls(tls, host)
    except BaseException:
        stream.abort()
        raise
    return stream


def _refuse_link_local(stream: Stream, host: str) -> None:
    """The services there tell a machine its secrets without asking who it is."""
    address = ipaddress.ip_address(stream.transport.get_extra_info("peername")[0].partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    if (mapped or address).is_link_local:
        raise TransportError(f"refusing to be led to {host}, a link-local address ({address})")


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
