"""A hub's life: sockets, server, collector, signals, end."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import ssl
from collections.abc import Sequence

from boxship.hub.app import App
from boxship.hub.collector import keep_collecting
from boxship.hub.hub import open_hub
from boxship.hub.settings import Settings
from boxship.hub.workers import run_workers
from boxship.wire.limits import Limits
from boxship.wire.listen import listen
from boxship.wire.server import Server
from boxship.wire.tls import TlsFiles

_log = logging.getLogger(__name__)
_PORT, _TLS_PORT = 5000, 5443
_GRACE = 5.0
_BACKLOG = 2 << 20  # bytes that arrive while those before them are hashed and written


def open_sockets(addresses: Sequence[str], *, tls: bool) -> list[socket.socket]:
    """Listening sockets, the caller's to close; BoxshipError when an address is taken or wrong."""
    port = _TLS_PORT if tls else _PORT
    return [sock for address in addresses for sock in listen(address, default_port=port)]


def serve(
    settings: Settings, sockets: Sequence[socket.socket], tls: TlsFiles | None, ready: int = -1
) -> None:
    """Serve on *sockets* until SIGTERM, and close them.

    *ready* gets a byte when the hub serves, unless it is negative.
    """
    context = tls.context() if tls is not None else None
    open_hub(settings).metadata.close()  # what is wrong with the root shows here
    _tell_ready(ready)
    _log.info("serving %s", settings.root)

    def work(parent: int) -> None:
        asyncio.run(_serve(settings, sockets, tls, context, parent))

    if settings.processes > 1:
        run_workers(settings.processes, work)
    else:
        work(-1)


async def _serve(
    settings: Settings,
    sockets: Sequence[socket.socket],
    tls: TlsFiles | None,
    context: ssl.SSLContext | None,
    parent: int,
) -> None:
    """Until SIGTERM, or until the descriptor *parent* ends, unless it is negative."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if parent >= 0:
        loop.add_reader(parent, stop.set)
    if tls is not None and context is not None:
        loop.add_signal_handler(signal.SIGHUP, _renew, tls, context)
    hub = open_hub(settings)
    server = Server(App(hub), Limits(backlog=_BACKLOG))
    collecting = loop.create_task(keep_collecting(hub)) if settings.collect_every else None
    try:
        for sock in sockets:
            server.listen(sock, context if sock.family != socket.AF_UNIX else None)
        gc.collect()
        gc.freeze()
        await stop.wait()
    finally:
        await server.close(grace=_GRACE)
        if collecting is not None:
            collecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await collecting
        hub.metadata.close()


def _renew(tls: TlsFiles, context: ssl.SSLContext) -> None:
    """SIGHUP: certificates are renewed in their files; connections that are open keep the old."""
    try:
        tls.context()
        context.load_cert_chain(tls.cert, tls.key)
    except Exception as error:
        _log.error("the old certificate stays in use: %s", error)


def _tell_ready(descriptor: int) -> None:
    if descriptor >= 0:
        os.write(descriptor, b"1")
        os.close(descriptor)
    address = os.environ.pop("NOTIFY_SOCKET", "")
    if address:  # sd_notify(3)
        name = "\0" + address[1:] if address.startswith("@") else address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(b"READY=1", name)
