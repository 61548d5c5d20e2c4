"""From global flags and environment to a client of the right daemon."""

from __future__ import annotations

import os

from boxship.base.errors import InvalidParameter
from boxship.client.client import Client
from boxship.client.endpoint import default_address, parse_endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.client.tls import TlsFiles


def connect(options: Arguments) -> Client:
    """The client. Where no address was given and nothing listens, the daemon is started."""
    address = chosen_address(options)
    if not address:
        from boxship.cli.autostart import ensure_daemon

        address = default_address()
        ensure_daemon(parse_endpoint(address))
    return Client(parse_endpoint(address), _tls(options))


def chosen_address(options: Arguments) -> str:
    """The address that the user chose, or "" for the default one."""
    hosts = options.texts("host")
    if len(hosts) > 1:
        raise InvalidParameter("specify only one -H")
    if hosts:
        return hosts[0]
    return os.environ.get("BOXSHIP_HOST") or os.environ.get("DOCKER_HOST") or ""


def _tls(options: Arguments) -> TlsFiles | None:
    verify = options.on("tlsverify") or bool(os.environ.get("DOCKER_TLS_VERIFY"))
    if not (verify or options.on("tls")):
        return None
    from boxship.client.tls import TlsFiles

    directory = os.environ.get("DOCKER_CERT_PATH") or os.path.expanduser("~/.docker")
    return TlsFiles(
        directory,
        verify,
        ca=options.text("tlscacert"),
        certificate=options.text("tlscert"),
        key=options.text("tlskey"),
    )
