"""Ports: ``80``, ``80/udp``, ``8000-8010``."""

import re

from boxship.base.errors import InvalidParameter
from boxship.types.host_config import HostConfig

#: Those that can be published.
PROTOCOLS = ("tcp", "udp", "sctp")
_NUMBER = re.compile(r"[0-9]{1,5}\Z")


def split_port(text: str) -> tuple[str, str]:
    """Number or range, and protocol (``tcp`` by default, in lower case)."""
    number, _, rest = text.partition("/")
    return number, rest.partition("/")[0].lower() or "tcp"


def port_number(text: str) -> int | None:
    """*text* as a port; None if it is none. An empty text is port 0."""
    if not text:
        return 0
    number = int(text) if _NUMBER.match(text) else -1
    return number if 0 <= number <= 65535 else None


def port_range(text: str) -> tuple[int, int] | None:
    """First and last port of ``8000-8010`` or ``8000``; None if it is no range."""
    first, dash, last = text.partition("-")
    low = port_number(first)
    high = port_number(last) if dash else low
    if low is None or high is None or (dash and not (first and last)) or low > high:
        return None
    return low, high


def check_port_bindings(host: HostConfig) -> None:
    for port, bindings in (host.port_bindings or {}).items():
        _refuse_unless(port_number(split_port(port)[0]), split_port(port)[0])
        for binding in bindings or ():
            number = binding.host_port.partition("/")[0]
            _refuse_unless(port_range(number), number)


def check_protocol(text: str) -> None:
    """A container may have ports of others, but cannot start with them published."""
    if text not in PROTOCOLS:
        raise InvalidParameter(f"invalid proto: {text}")


def _refuse_unless(parsed: object, text: str) -> None:
    if parsed is None:
        raise InvalidParameter(f'invalid port specification: "{text}"')
