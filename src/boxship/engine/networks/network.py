"""What the engine knows of one network; the durable part is its JSON form."""

import ipaddress
from typing import Any

import msgspec

from boxship.base.times import rfc3339

OPTION = "com.docker.network."
BRIDGE_NAME = OPTION + "bridge.name"
ICC = OPTION + "bridge.enable_icc"
MASQUERADE = OPTION + "bridge.enable_ip_masquerade"
HOST_ADDRESS = OPTION + "bridge.host_binding_ipv4"
DEFAULT_BRIDGE = OPTION + "bridge.default_bridge"
MTU = OPTION + "driver.mtu"
_BRIDGE_NAME_IDS = 12


class Subnet(msgspec.Struct, kw_only=True):
    """One entry of ``IPAM.Config``; *auxiliary*: addresses that no container gets, by name."""

    subnet: str
    ip_range: str = ""
    gateway: str = ""
    auxiliary: dict[str, str] = {}


class Network(msgspec.Struct, kw_only=True):
    id: str
    name: str
    driver: str
    created: int
    subnets: list[Subnet] = []
    own_subnets: bool = False
    """Whether the user has chosen them: only there may containers choose their addresses."""
    ipv6: bool = False
    internal: bool = False
    attachable: bool = False
    options: dict[str, str] = {}
    labels: dict[str, str] = {}
    ipam_options: dict[str, str] | None = None
    predefined: bool = False

    @property
    def bridge(self) -> str:
        """The name of its interface."""
        return self.options.get(BRIDGE_NAME) or f"bx-{self.id[:_BRIDGE_NAME_IDS]}"

    @property
    def ipv4(self) -> Subnet | None:
        """Its IPv4 subnet, if it has one yet."""
        found = (each for each in self.subnets if ":" not in each.subnet)
        return next(found, None)

    @property
    def user_defined(self) -> bool:
        """A bridge of the user's own: names are resolved there."""
        return self.driver == "bridge" and not self.predefined

    def flag(self, option: str, default: bool = True) -> bool:
        value = self.options.get(option)
        return default if value is None else value in TRUE

    @property
    def mtu(self) -> int:
        """0 for the kernel's own."""
        return int(self.options.get(MTU) or 0)


#: What Go's strconv.ParseBool takes.
TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def interface(address: str, subnet: str) -> ipaddress.IPv4Interface:
    """*address* with the prefix length of *subnet*."""
    return ipaddress.IPv4Interface(f"{address}/{ipaddress.ip_network(subnet).prefixlen}")


def _ipam_config(subnet: Subnet) -> dict[str, Any]:
    answer: dict[str, Any] = {"Subnet": subnet.subnet}
    if subnet.ip_range:
        answer["IPRange"] = subnet.ip_range
    if subnet.gateway:
        answer["Gateway"] = subnet.gateway
    if subnet.auxiliary:
        answer["AuxiliaryAddresses"] = subnet.auxiliary
    return answer


def describe(network: Network, containers: dict[str, Any]) -> dict[str, Any]:
    """A network as the API shows it."""
    subnets = [_ipam_config(subnet) for subnet in network.subnets]
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": rfc3339(network.created),
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv4": True,
        "EnableIPv6": network.ipv6,
        "IPAM": {
            "Driver": "default",
            "Options": network.ipam_options,
            "Config": subnets or None,
        },
        "Internal": network.internal,
        "Attachable": network.attachable,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": containers,
        "Options": network.options,
        "Labels": network.labels,
    }
