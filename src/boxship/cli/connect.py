"""From global flags, environment and contexts to a client of the right daemon."""

from __future__ import annotations

import os

from boxship.base.errors import BoxshipError, InvalidParameter
from boxship.cli.contexts.selection import DEFAULT, chosen_context, environment_address
from boxship.cli.errors import Failed
from boxship.client.client import Client
from boxship.client.endpoint import DEFAULT_ADDRESS, parse_endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.settings import Settings
    from boxship.client.tls import TlsFiles


class Target:
    """The daemon that is meant. ``own``: nobody named it, and commands start it by themselves.
    ``headers`` go with every request."""

    __slots__ = ("address", "headers", "own", "tls")

    def __init__(
        self, address: str, own: bool, tls: TlsFiles | None, headers: dict[str, str]
    ) -> None:
        self.address = address
        self.own = own
        self.tls = tls
        self.headers = headers

    def client(self) -> Client:
        return Client(parse_endpoint(self.address), self.tls, headers=self.headers)


def connect(options: Arguments, settings: Settings) -> Client:
    """The client. Where no address was given and nothing listens, the daemon is started."""
    target = chosen_target(options, settings)
    if target.own:
        from boxship.cli.autostart import ensure_daemon

        ensure_daemon(parse_endpoint(target.address))
    return target.client()


def chosen_target(options: Arguments, settings: Settings) -> Target:
    name = chosen_context(options, settings)
    if name != DEFAULT:
        return _of_context(name, settings)
    address = chosen_address(options)
    tls = _tls(options, settings)
    return Target(address or DEFAULT_ADDRESS, not address, tls, _headers(settings))


def _of_context(name: str, settings: Settings) -> Target:
    from boxship.cli.contexts.store import DOCKER, ContextStore

    store = ContextStore(settings.directory)
    try:
        context = store.read(name)
    except BoxshipError as error:
        raise Failed(f"Failed to initialize: unable to resolve docker endpoint: {error}") from None
    tls = None
    files = context.tls.get(DOCKER)
    skip = bool(context.endpoint.get("SkipTLSVerify"))
    if files or skip:
        from boxship.client.tls import TlsFiles

        tls = TlsFiles(f"{store.tls_path(name)}/{DOCKER}", not skip)
    own = not context.host
    return Target(context.host or DEFAULT_ADDRESS, own, tls, _headers(settings))


def _headers(settings: Settings) -> dict[str, str]:
    """``HttpHeaders`` of ``config.json``, which may not name another client."""
    found = settings.table("HttpHeaders").items()
    return {str(k): str(v) for k, v in found if k.lower() not in ("host", "user-agent")}


def chosen_address(options: Arguments) -> str:
    """The address that the user chose, or "" for the default one."""
    hosts = options.texts("host")
    if len(hosts) > 1:
        raise InvalidParameter(
            "Failed to initialize: unable to resolve docker endpoint: Please specify only one -H"
        )
    return hosts[0] if hosts else environment_address()


def _tls(options: Arguments, settings: Settings) -> TlsFiles | None:
    verify = options.on("tlsverify") or bool(os.environ.get("DOCKER_TLS_VERIFY"))
    if not (verify or options.on("tls")):
        return None
    from boxship.client.tls import TlsFiles

    directory = os.environ.get("DOCKER_CERT_PATH") or settings.directory
    return TlsFiles(
        directory,
        verify,
        ca=options.text("tlscacert"),
        certificate=options.text("tlscert"),
        key=options.text("tlskey"),
    )
