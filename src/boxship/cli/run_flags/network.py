"""Networks, addresses and name resolution."""

from __future__ import annotations

from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, many
from boxship.cli.run_flags.placed import Placed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body

_BUILT_IN = ("bridge", "host", "none", "default")


def _ip(text: str) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        raise ValueError(f"IP address is not correctly formatted: {text}") from None


def extra_host(text: str) -> str:
    """``name:address`` or ``name=address``; an address may stand in brackets."""
    name, separator, address = text.partition("=")
    if not separator:
        name, separator, address = text.partition(":")
    if not separator or not name:
        raise ValueError(f'bad format for add-host: "{text}"')
    if address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
    if address != "host-gateway":
        try:
            _ip(address)
        except ValueError:
            raise ValueError(f'invalid IP address in add-host: "{address}"') from None
    return f"{name}:{address}"


def _link(text: str) -> str:
    """``name`` or ``name:alias``."""
    if not text:
        raise ValueError("empty string specified for links")
    if text.count(":") > 1:
        raise ValueError(f"bad format for links: {text}")
    return text


def _domain(text: str) -> str:
    """A search domain; a dot alone takes those of the host away."""
    letters = text.strip(" ").removesuffix(".").replace("-", "").replace("_", "").replace(".", "")
    if text.strip(" ") != "." and not (letters.isascii() and letters.isalnum()):
        raise ValueError(f"{text} is not a valid domain")
    return text.strip(" ")


def _priority(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"invalid gw-priority: invalid integer value '{text}'") from None


def _parse_network(text: str) -> tuple[str, Body]:
    """A name, or ``name=…,alias=…,ip=…,driver-opt=…``, and its endpoint."""
    if "=" not in text:
        return text, {}
    name = ""
    endpoint: Body = {}
    for part in text.split(","):
        key, _, value = part.partition("=")
        if key == "name":
            name = value
        elif key == "alias":
            endpoint.setdefault("Aliases", []).append(value)
        elif key == "driver-opt":
            option, _, setting = value.partition("=")
            endpoint.setdefault("DriverOpts", {})[option] = setting
        elif key == "gw-priority":
            endpoint["GwPriority"] = _priority(value)
        elif key in _ENDPOINT_KEYS:
            _set(endpoint, _ENDPOINT_KEYS[key], value)
        else:
            raise ValueError(f"invalid field key {key}")
    if not name:
        raise ValueError("network name/id is not specified")
    return name, endpoint


ROWS = (
    Placed(
        many("network", "Network to join", shows="network", aliases=("net",), parse=_parse_network)
    ),
    Placed(many("network-alias", "Further name in the network", aliases=("net-alias",))),
    Placed(Flag("ip", "IPv4 address")),
    Placed(Flag("ip6", "IPv6 address")),
    Placed(many("link-local-ip", "Link-local address")),
    Placed(Flag("mac-address", "Hardware address")),
    Placed(
        many("link", "Container to know by name, NAME[:ALIAS]", parse=_link), "HostConfig.Links"
    ),
    Placed(
        many("add-host", "Line of /etc/hosts, NAME:ADDRESS", parse=extra_host),
        "HostConfig.ExtraHosts",
    ),
    Placed(many("dns", "Name server", parse=_ip), "HostConfig.Dns"),
    Placed(
        many("dns-option", "Resolver option", aliases=("dns-opt",)),
        "HostConfig.DnsOptions",
    ),
    Placed(many("dns-search", "Domain to search", parse=_domain), "HostConfig.DnsSearch"),
)


def apply(arguments: Arguments, body: Body) -> None:
    networks = arguments.items("network") or [("default", {})]
    if not networks[0][0]:
        raise Failed("no name set for network")
    _check_together([name for name, _ in networks])
    first = networks[0][1]
    _single_flags(arguments, networks[0][0], first)
    body["HostConfig"]["NetworkMode"] = networks[0][0]
    body["NetworkingConfig"] = {"EndpointsConfig": dict(networks)}


def _is_own(name: str) -> bool:
    """Whether the network is one of the user's."""
    return name not in _BUILT_IN and not name.startswith("container:")


def _check_together(names: list[str]) -> None:
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    if twice:
        raise Failed(f'network "{twice[0]}" is specified multiple times')
    if len({_is_own(name) for name in names}) > 1:
        raise Failed(
            "conflicting options: cannot attach both user-defined and non-user-defined "
            "network-modes"
        )


def _is_mac(text: str) -> bool:
    parts = text.replace("-", ":").split(":")
    return len(parts) == 6 and all(
        len(part) == 2 and set(part.lower()) <= set("0123456789abcdef") for part in parts
    )


_ENDPOINT_KEYS = {
    "ip": ("IPAMConfig", "IPv4Address"),
    "ip6": ("IPAMConfig", "IPv6Address"),
    "mac-address": ("MacAddress",),
}


def _set(endpoint: Body, path: tuple[str, ...], value: object) -> None:
    *parents, last = path
    for parent in parents:
        endpoint = endpoint.setdefault(parent, {})
    endpoint[last] = value


def _single_flags(arguments: Arguments, name: str, endpoint: Body) -> None:
    """The flags from before there could be several networks: they are for the first one."""
    own = _is_own(name)
    if arguments.given("network-alias"):
        endpoint["Aliases"] = [*endpoint.get("Aliases", []), *arguments.texts("network-alias")]
    if endpoint.get("Aliases") and not own:
        raise Failed("network-scoped aliases are only supported for user-defined networks")
    mac = arguments.text("mac-address")
    if mac and not _is_mac(mac):
        raise Failed(f"{mac} is not a valid mac address")
    if arguments.given("link") and own:
        endpoint["Links"] = arguments.texts("link")
    for flag, path in _ENDPOINT_KEYS.items():
        if arguments.given(flag):
            _set(endpoint, path, arguments.text(flag))
    if arguments.given("link-local-ip"):
        _set(endpoint, ("IPAMConfig", "LinkLocalIPs"), arguments.texts("link-local-ip"))
