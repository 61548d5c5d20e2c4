"""Flags of the daemon for networks, in dockerd's names."""

import argparse

from boxship.base.errors import InvalidParameter

#: Who reaches published ports; the first is the default.
PUBLISHED = ("open", "behind-firewall")
_TEXTS = {
    "--bip": "address of the default bridge, with its subnet's length",
    "--bip6": "the same of IPv6",
    "--fixed-cidr": "the part of the default bridge's subnet that containers get addresses of",
    "--fixed-cidr-v6": "the same of IPv6",
    "--default-gateway": "default route of containers on the default bridge",
    "--default-gateway-v6": "the same of IPv6",
    "--ip": "where ports are published that name no address, on the default bridge",
}
_SWITCHES = {
    "--ipv6": "IPv6 on the default bridge",
    "--icc": "containers on the default bridge reach each other",
    "--iptables": "rules of nftables for IPv4; without, a process forwards published ports",
    "--ip6tables": "the same of IPv6",
    "--ip-forward": "let this host route",
    "--ip-masq": "what leaves the default bridge has an address of this host",
    "--userland-proxy": "a process forwards published ports where rules cannot",
}


def switch(text: str) -> bool:
    """``--icc=false``."""
    if text.lower() not in ("1", "t", "true", "0", "f", "false"):
        raise argparse.ArgumentTypeError(f"invalid boolean value {text!r}")
    return text.lower() in ("1", "t", "true")


def add_network_flags(parser: argparse.ArgumentParser) -> None:
    """Those that are not given are None afterwards."""
    add = parser.add_argument
    add("-b", "--bridge", help='an interface to use as the default bridge; "none" for no such')
    for flag, meaning in _TEXTS.items():
        add(flag, metavar="ADDRESS", help=meaning)
    for flag, meaning in _SWITCHES.items():
        add(flag, nargs="?", const=True, type=switch, metavar="BOOL", help=meaning)
    add("--dns", action="append", metavar="ADDRESS", help="server of names for containers")
    add("--dns-search", action="append", metavar="DOMAIN", help="domain that they search")
    add("--dns-opt", dest="dns_opts", action="append", metavar="OPTION", help="of resolv.conf(5)")
    add("--host-gateway-ip", metavar="ADDRESS", help="what host-gateway stands for in --add-host")
    add("--mtu", type=int, help="of the default bridge, in bytes")
    add(
        "--published-ports",
        choices=PUBLISHED,
        help="to everybody, or only to whom the host's own firewall lets in",
    )
    add(
        "--default-address-pool",
        dest="default_address_pools",
        action="append",
        type=_pool,
        metavar="base=SUBNET,size=LENGTH",
        help="cut the subnets of networks that ask for none from it",
    )
    add(
        "--default-network-opt",
        dest="default_network_opts",
        action=_Option,
        metavar="DRIVER=KEY=VALUE",
        help="an option for networks of that driver that do not give it",
    )


def _pool(text: str) -> dict[str, str]:
    """As the configuration file has it."""
    pairs = [part.partition("=") for part in text.split(",")]
    for key, equals, _ in pairs:
        if not equals or key not in ("base", "size"):
            raise InvalidParameter(
                f'invalid argument "{text}" for "--default-address-pool" flag: unexpected key '
                f"'{key}' in '{text}'"
            )
    return {key: value for key, _, value in pairs}


class _Option(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):  # type: ignore[no-untyped-def]
        driver, _, option = str(values).partition("=")
        key, equals, value = option.partition("=")
        if not equals:
            raise InvalidParameter(
                f'invalid argument "{values}" for "--default-network-opt" flag: expected '
                "DRIVER=KEY=VALUE"
            )
        known = getattr(namespace, self.dest) or {}
        known.setdefault(driver, {})[key] = value
        setattr(namespace, self.dest, known)
