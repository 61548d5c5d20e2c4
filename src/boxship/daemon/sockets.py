"""The sockets that the API is served on, and the dangers of those without TLS."""

import ipaddress
import socket
import ssl

from boxship.base.errors import InvalidParameter
from boxship.daemon.config import Settings
from boxship.wire.listen import listen
from boxship.wire.tls import TlsFiles

DOCKER_SOCKET = "unix:///var/run/docker.sock"
_PORT, _TLS_PORT = 2375, 2376
# dockerd's words (daemon/info.go, fillAPIInfo).
_ATTACK_SURFACE = """
         Access to the remote API is equivalent to root access on the host. Refer
         to the 'Docker daemon attack surface' section in the documentation for
         more information: https://docs.docker.com/go/attack-surface/"""

Opened = list[tuple[socket.socket, ssl.SSLContext | None]]


def open_sockets(settings: Settings) -> Opened:
    """Open the sockets of all hosts, with the TLS context of those that speak TLS.

    :class:`InvalidParameter` for a socket that everybody could reach, unless the settings say
    ``insecure_tcp``.
    """
    tls = tls_context(settings)
    opened: Opened = []
    try:
        for url in addresses(settings):
            port = _TLS_PORT if tls else _PORT
            for sock in listen(url, group=settings.group, default_port=port):
                secured = tls if sock.family != socket.AF_UNIX else None
                opened.append((sock, secured))
                if secured is None and not settings.insecure_tcp:
                    _refuse_exposed(sock)
    except BaseException:
        for sock, _ in opened:
            sock.close()
        raise
    return opened


def addresses(settings: Settings) -> list[str]:
    """Return the hosts of *settings*, and Docker's socket if the daemon serves it as well."""
    extra = settings.docker_socket and DOCKER_SOCKET not in settings.hosts
    return [*settings.hosts, *([DOCKER_SOCKET] if extra else [])]


def warnings(settings: Settings) -> list[str]:
    """Return what ``docker info`` says of hosts that anybody can use who reaches them."""
    found = []
    for url in settings.hosts:
        scheme, separator, address = url.partition("://")
        if separator and scheme != "tcp":
            continue
        if not separator and url.startswith("/"):
            continue
        shown = address if separator else url
        if not (settings.tls or settings.tlsverify):
            flaw = f"http://{shown} without encryption."
        elif not settings.tlsverify:
            flaw = f"https://{shown} without TLS client verification."
        else:
            continue
        found.append(f"WARNING: API is accessible on {flaw}{_ATTACK_SURFACE}")
    return found


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Return the context of TCP sockets; None if the settings do not ask for TLS."""
    if not (settings.tls or settings.tlsverify):
        return None
    files = TlsFiles(
        settings.tlscert, settings.tlskey, settings.tlscacert or None, settings.tlsverify
    )
    return files.context()


def _refuse_exposed(sock: socket.socket) -> None:
    """Raise for a TCP socket that other machines can reach."""
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    host, port = sock.getsockname()[:2]
    if ipaddress.ip_address(str(host).partition("%")[0]).is_loopback:
        return
    raise InvalidParameter(
        f"{host} port {port} without TLS would give root on this machine to everybody who "
        "reaches it: use --tlsverify, listen on 127.0.0.1, or allow it with --insecure-tcp"
    )
