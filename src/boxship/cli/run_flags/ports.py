"""Ports that are exposed and published."""

from __future__ import annotations

from boxship.cli.errors import Failed
from boxship.cli.flags.flag import many, switch
from boxship.cli.flags.kinds import parse_uint16
from boxship.cli.run_flags.placed import Placed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body

_PROTOCOLS = ("tcp", "udp", "sctp")

ROWS = (
    Placed(many("publish", "Publish a port, [[ADDRESS:]PORT:]INSIDE[/PROTOCOL]", "p")),
    Placed(
        switch("publish-all", "Publish all exposed ports on free ones", "P"),
        "HostConfig.PublishAllPorts",
    ),
    Placed(many("expose", "Port or range of ports to expose")),
)


def apply(arguments: Arguments, body: Body) -> None:
    exposed: dict[str, object] = {}
    bindings: dict[str, list[Body]] = {}
    for text in arguments.texts("publish"):
        for inside, binding in parse_published(text):
            exposed[inside] = {}
            bindings.setdefault(inside, []).append(binding)
    for text in arguments.texts("expose"):
        exposed.update({port: {} for port in parse_exposed(text)})
    if exposed:
        body["ExposedPorts"] = exposed
    if bindings:
        body["HostConfig"]["PortBindings"] = bindings


def parse_exposed(text: str) -> list[str]:
    """``80``, ``80/udp`` and ``80-90`` as ``port/protocol`` each."""
    if ":" in text:
        raise Failed(f"invalid port format for --expose: {text}")
    ports, protocol = _split_protocol(text, text)
    first, dash, last = ports.partition("-")
    try:
        low, high = parse_uint16(first), parse_uint16(last if dash else first)
        if low > high:
            raise ValueError(f"invalid range specified for port: {ports}")
    except ValueError as error:
        raise Failed(f"invalid range format for --expose: {text}, error: {error}") from None
    return [f"{port}/{protocol}" for port in range(low, high + 1)]


def parse_published(text: str) -> list[tuple[str, Body]]:
    """The inside port and its binding for every port that *text* publishes."""
    text = _from_long_form(text) if "=" in text else text
    ports, protocol = _split_protocol(text, text)
    address, outside, inside = _split_address(ports, text)
    if not inside:
        raise Failed(f"No port specified: {text}<empty>")
    first, last = _range(inside, "Invalid containerPort: ")
    if not outside:
        outsides = [""] * (last - first + 1)
    else:
        low, high = _range(outside, "Invalid hostPort: ")
        outsides = _outside_ports(low, high, last - first + 1, inside)
    return [
        (f"{first + step}/{protocol}", {"HostIp": address, "HostPort": port})
        for step, port in enumerate(outsides)
    ]


def _outside_ports(low: int, high: int, count: int, inside: str) -> list[str]:
    if high - low + 1 == count:
        return [str(low + step) for step in range(count)]
    if count != 1:
        spans = f"{inside} and {low}-{high}"
        raise Failed(f"Invalid ranges specified for container and host Ports: {spans}")
    # One port inside may take whichever of a range is free.
    return [f"{low}-{high}"]


def _split_protocol(text: str, whole: str) -> tuple[str, str]:
    ports, slash, protocol = text.partition("/")
    protocol = protocol.lower() if slash else "tcp"
    if protocol not in _PROTOCOLS:
        raise Failed(f"Invalid proto: {protocol}")
    return ports, protocol


def _split_address(text: str, whole: str) -> tuple[str, str, str]:
    rest, _, inside = text.rpartition(":")
    address, _, outside = rest.rpartition(":")
    if ":" in address and not address.startswith("["):
        reason = f"address {address}:: too many colons in address"
        raise Failed(f"Invalid ip address {address}: {reason}")
    address = address.removeprefix("[").removesuffix("]")
    if address:
        import ipaddress

        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise Failed(f"Invalid ip address: {address}") from None
    return address, outside, inside


def _range(text: str, prefix: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    numbers = (first, last if dash else first)
    if not all(number.isascii() and number.isdigit() for number in numbers):
        raise Failed(f"{prefix}{text}")
    low, high = map(int, numbers)
    if low > high or not 0 < high < 65536:
        raise Failed(f"{prefix}{text}")
    return low, high


def _from_long_form(text: str) -> str:
    """``target=80,published=8080,protocol=tcp`` as the short form."""
    values = {"protocol": "tcp", "published": ""}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise Failed(
                f"invalid publish opts format (should be name=value but got '{part}')", 125
            )
        values[name] = value
    return f"{values['published']}:{values.get('target', '')}/{values['protocol']}"
