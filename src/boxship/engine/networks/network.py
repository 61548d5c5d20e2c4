"""What the engine knows of one network; the durable part is its JSON form."""

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
INHIBIT_IPV4 = OPTION + "bridge.inhibit_ipv4"
HOST_SOURCE = OPTION + "host_ipv4"
GATEWAY_MODES = {version: f"{OPTION}bridge.gateway_mode_ipv{version}" for version in (4, 6)}
PREFIX = OPTION + "container_iface_prefix"
PARENT = "parent"
#: Name of the auxiliary address that is the default route, where the bridge's own is not.
ELSEWHERE = "DefaultGatewayIPv"
#: Drivers whose endpoints lie above an interface of the host.
UPPER_DRIVERS = ("macvlan", "ipvlan")
_BRIDGE_NAME_IDS = 12


class Subnet(msgspec.Struct, kw_only=True):
    """One entry of ``IPAM.Config``; *auxiliary*: addresses that no container gets, by name.

    *chosen*: by the daemon, not the user; *implied*: only the gateway is, and is not shown.
    """

    subnet: str
    ip_range: str = ""
    gateway: str = ""
    auxiliary: dict[str, str] = {}
    chosen: bool = False
    implied: bool = False

    @property
    def version(self) -> int:
        return 6 if ":" in self.subnet else 4


class Network(msgspec.Struct, kw_only=True):
    id: str
    name: str
    driver: str
    created: int
    subnets: list[Subnet] = []
    own_subnets: bool = False
    """Whether the user has chosen them: only there may containers choose their addresses."""
    ipv4_enabled: bool = True
    ipv6: bool = False
    scope: str = "local"
    config_only: bool = False
    """Whether it only holds settings for others."""
    config_from: str = ""
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
    def parent(self) -> str:
        """The interface that endpoints of :data:`UPPER_DRIVERS` lie above."""
        return self.options.get(PARENT) or f"dm-{self.id[:_BRIDGE_NAME_IDS]}"

    @property
    def interface(self) -> str:
        """The interface of the host that endpoints are tied to."""
        return self.parent if self.driver in UPPER_DRIVERS else self.bridge

    def rows(self, version: int) -> list[Subnet]:
        """Its subnets of IPv4 or IPv6; none while it has none, or when that is switched off."""
        enabled = self.ipv4_enabled if version == 4 else self.ipv6
        return [row for row in self.subnets if row.version == version] if enabled else []

    @property
    def ipv4(self) -> Subnet | None:
        """Its first IPv4 subnet, if it has one yet."""
        return next(iter(self.rows(4)), None)

    @property
    def wired(self) -> bool:
        """Whether containers get an interface on it."""
        return self.driver in ("bridge", *UPPER_DRIVERS) and not self.config_only

    @property
    def user_defined(self) -> bool:
        """A wired network of the user's own: names are resolved there."""
        return self.wired and not self.predefined

    def masquerades(self, version: int) -> bool:
        """Whether what leaves for elsewhere takes on an address of the host."""
        return self.flag(MASQUERADE) and self.gateway_mode(version) in ("nat", "nat-unprotected")

    def gateway_mode(self, version: int) -> str:
        """How containers are reached from elsewhere by IPv4 or IPv6."""
        return self.options.get(GATEWAY_MODES[version], "nat")

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


def _ipam_config(subnet: Subnet) -> dict[str, Any]:
    answer: dict[str, Any] = {"Subnet": subnet.subnet}
    if subnet.ip_range:
        answer["IPRange"] = subnet.ip_range
    if subnet.gateway and not subnet.implied:
        answer["Gateway"] = subnet.gateway
    if subnet.auxiliary:
        answer["AuxiliaryAddresses"] = dict(sorted(subnet.auxiliary.items()))
    return answer


def describe(network: Network, containers: dict[str, Any]) -> dict[str, Any]:
    """A network as the API shows it."""
    rows = sorted(network.subnets, key=lambda row: (row.chosen, row.version))
    subnets = [_ipam_config(row) for row in rows]
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": rfc3339(network.created),
        "Scope": network.scope,
        "Driver": network.driver,
        "EnableIPv4": network.ipv4_enabled,
        "EnableIPv6": network.ipv6,
        "IPAM": {
            "Driver": "default",
            "Options": network.ipam_options,
            "Config": subnets or None,
        },
        "Internal": network.internal,
        "Attachable": network.attachable,
        "Ingress": False,
        "ConfigFrom": {"Network": network.config_from},
        "ConfigOnly": network.config_only,
        "Containers": containers,
        "Options": dict(sorted(network.options.items())),
        "Labels": dict(sorted(network.labels.items())),
    }
