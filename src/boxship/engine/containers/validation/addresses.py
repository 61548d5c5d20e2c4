"""Host names, IP and MAC addresses in requests."""

import ipaddress
import re

from boxship.base.errors import InvalidParameter

_MAC = re.compile(
    r"[0-9a-fA-F]{2}(?:(?::[0-9a-fA-F]{2}){5}|(?:-[0-9a-fA-F]{2}){5})\Z"
    r"|[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4}){2}\Z"
)


def is_ip(text: str, version: int | None = None) -> bool:
    """True for IPv4 and IPv6 without a zone, or for one *version* of them."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text and version in (None, address.version)


def is_mac(text: str) -> bool:
    return _MAC.match(text) is not None


def check_extra_host(text: str) -> None:
    """``name:address``; the address may be ``host-gateway``."""
    name, colon, address = text.partition(":")
    if not name or not colon:
        raise InvalidParameter(f'bad format for add-host: "{text}"')
    if address != "host-gateway" and not is_ip(address):
        raise InvalidParameter(f'invalid IP address in add-host: "{address}"')
