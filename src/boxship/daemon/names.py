"""The daemon's settings for names, in dockerd's words: for containers that ask for nothing else."""

import ipaddress
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.daemon.config import Settings
from boxship.network.dns.resolv_conf import Wishes


def wishes(settings: Settings) -> Wishes:
    """:class:`InvalidParameter` for what is no list of texts, or no address."""
    return Wishes(
        [_address(each) for each in _texts("dns", settings.dns)],
        _texts("dns-search", settings.dns_search),
        _texts("dns-opts", settings.dns_opts),
    )


def host_gateway(settings: Settings) -> str:
    """What ``host-gateway`` stands for; empty for the default bridge's own address."""
    text = settings.host_gateway_ip
    return _address(text) if text else ""


def _texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidParameter(f"invalid {name}: expected a list of texts")
    return value


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except (ValueError, AttributeError):
        raise InvalidParameter(f"IP address is not correctly formatted: {text}") from None
