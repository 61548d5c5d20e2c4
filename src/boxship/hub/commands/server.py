"""``boxship hub serve``."""

import argparse
import os

from boxship.base.errors import InvalidParameter
from boxship.hub.proxies import TrustedProxies
from boxship.hub.serving import open_sockets, serve
from boxship.hub.settings import Settings
from boxship.wire.tls import TlsFiles

_MOST_BY_DEFAULT = 4


def declare(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--listen", action="append", metavar="ADDR:PORT",
        help="Address to serve, or unix:///PATH, or fd://; several may be given"
        " (default 127.0.0.1:5000)",
    )  # fmt: skip
    add("--tls-cert", default="", metavar="FILE", help="Certificate, with its chain, in PEM")
    add("--tls-key", default="", metavar="FILE", help="The certificate's key in PEM")
    add("--url", default="", help="How clients reach the hub, where something stands before it")
    add(
        "--trusted-proxy", action="append", default=[], metavar="ADDRESS",
        help="Address or network of a proxy whose X-Forwarded-For and X-Forwarded-Proto count, or"
        " unix for all who come by a unix socket; several may be given",
    )  # fmt: skip
    add(
        "--processes", type=int, default=0, metavar="N",
        help="Processes that serve (default: one for each processor, at most 4)",
    )  # fmt: skip
    add("--access-log", action="store_true", help="Log every request")
    add("--blob-limit", type=int, metavar="BYTES", help="Largest blob that is taken")
    add(
        "--collect-every", type=float, metavar="SECONDS",
        help="Time between two garbage collections; 0 for none",
    )  # fmt: skip
    add(
        "--grace", type=float, metavar="SECONDS",
        help="Time that an unused blob stays for the manifest that may come",
    )  # fmt: skip
    add("--upload-time", type=float, metavar="SECONDS", help="Time that a broken upload stays")
    add("--ready-fd", type=int, default=-1, help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> None:
    tls = None
    if options.tls_cert or options.tls_key:
        if not (options.tls_cert and options.tls_key):
            raise InvalidParameter("--tls-cert and --tls-key belong together")
        tls = TlsFiles(options.tls_cert, options.tls_key)
    url = options.url.rstrip("/")
    if url and not url.startswith(("http://", "https://")):
        raise InvalidParameter("--url must begin with http:// or https://")
    chosen = {
        name: value
        for name in ("blob_limit", "collect_every", "grace", "upload_time")
        if (value := getattr(options, name)) is not None
    }
    if any(value < 0 for value in chosen.values()):
        raise InvalidParameter("sizes and times must not be negative")
    if not 0 <= options.processes <= 256:
        raise InvalidParameter("--processes must be between 1 and 256")
    settings = Settings(
        root=options.root,
        url=url,
        tls=tls is not None,
        proxies=TrustedProxies(options.trusted_proxy),
        processes=options.processes or min(os.cpu_count() or 1, _MOST_BY_DEFAULT),
        access_log=options.access_log,
        **chosen,
    )
    sockets = open_sockets(options.listen or ["127.0.0.1:5000"], tls=tls is not None)
    serve(settings, sockets, tls, options.ready_fd)
