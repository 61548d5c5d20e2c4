"""Driver options of one endpoint (``docker network connect --driver-opt``, API 1.47 and later)."""

import re

from boxship.base.errors import InvalidParameter
from boxship.types.networking import EndpointSettings

_NAME = "com.docker.network.endpoint.ifname"
_SYSCTLS = "com.docker.network.endpoint.sysctls"
_STANDIN = "IFNAME"
_SETTING = re.compile(r"net\.(ipv4|ipv6|mpls)\.(conf|neigh|input)\.IFNAME\.([a-z0-9_]+)=(.*)\Z")
_INTERFACE = re.compile(r"[A-Za-z0-9_.@-]{1,15}\Z")


def _text(settings: EndpointSettings, option: str) -> str:
    return (settings.driver_opts or {}).get(option, "")


def check(settings: EndpointSettings) -> None:
    """:class:`InvalidParameter` for names and settings that no interface can have."""
    name = _text(settings, _NAME)
    if name and (not _INTERFACE.match(name) or name in (".", "..", "lo")):
        raise InvalidParameter(f"invalid value for {_NAME}: {name}")
    for part in _parts(settings):
        if not _SETTING.match(part):
            raise InvalidParameter(
                f"unrecognised network interface sysctl '{part}'; represent 'net.X.Y.ethN.Z=V' as "
                f"'net.X.Y.{_STANDIN}.Z=V'"
            )


def _parts(settings: EndpointSettings) -> list[str]:
    return [part.strip() for part in _text(settings, _SYSCTLS).split(",") if part.strip()]


def interface_name(settings: EndpointSettings) -> str:
    """The name that the user wants for the interface; empty for none."""
    return _text(settings, _NAME)


def sysctls(settings: EndpointSettings, name: str) -> tuple[tuple[str, str], ...]:
    """Paths below /proc/sys and their values, for the interface *name*."""
    rows = [match.groups() for part in _parts(settings) if (match := _SETTING.match(part))]
    return tuple((f"net/{net}/{kind}/{name}/{key}", value) for net, kind, key, value in rows)
