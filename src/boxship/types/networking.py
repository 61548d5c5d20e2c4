"""A container's attachment to networks (``EndpointSettings``, ``NetworkingConfig``)."""

import msgspec

from boxship.types.model import Int64, Model, StringMap, Strings


class EndpointIPAMConfig(Model):
    """Addresses that the client asks for."""

    ipv4_address: str = msgspec.field(default="", name="IPv4Address")
    ipv6_address: str = msgspec.field(default="", name="IPv6Address")
    link_local_ips: Strings = msgspec.field(default=None, name="LinkLocalIPs")


class EndpointSettings(Model):
    """One attachment: first what the client may ask for, then what the network answered."""

    ipam_config: EndpointIPAMConfig | None = msgspec.field(default=None, name="IPAMConfig")
    links: Strings = None
    aliases: Strings = None
    mac_address: str = ""
    driver_opts: StringMap = None
    gw_priority: Int64 = 0
    network_id: str = msgspec.field(default="", name="NetworkID")
    endpoint_id: str = msgspec.field(default="", name="EndpointID")
    gateway: str = ""
    ip_address: str = msgspec.field(default="", name="IPAddress")
    ip_prefix_len: Int64 = msgspec.field(default=0, name="IPPrefixLen")
    ipv6_gateway: str = msgspec.field(default="", name="IPv6Gateway")
    global_ipv6_address: str = msgspec.field(default="", name="GlobalIPv6Address")
    global_ipv6_prefix_len: Int64 = msgspec.field(default=0, name="GlobalIPv6PrefixLen")
    dns_names: Strings = msgspec.field(default=None, name="DNSNames")


class NetworkingConfig(Model):
    """Attachments by the network's name or id."""

    endpoints_config: dict[str, EndpointSettings] | None = None


class ConnectRequest(Model):
    """Body of ``POST /networks/{id}/connect``."""

    container: str = ""
    endpoint_config: EndpointSettings | None = None


class DisconnectRequest(Model):
    """Body of ``POST /networks/{id}/disconnect``."""

    container: str = ""
    force: bool = False


class IpamConfig(Model):
    """A subnet that the client asks for, in CIDR notation, and what is set apart in it."""

    subnet: str = ""
    ip_range: str = msgspec.field(default="", name="IPRange")
    gateway: str = ""
    auxiliary_addresses: StringMap = None


class Ipam(Model):
    driver: str = ""
    options: StringMap = None
    config: list[IpamConfig] | None = None


class NetworkCreateRequest(Model):
    """Body of ``POST /networks/create``."""

    name: str = ""
    check_duplicate: bool | None = None
    driver: str = ""
    scope: str = ""
    enable_ipv4: bool | None = msgspec.field(default=None, name="EnableIPv4")
    enable_ipv6: bool | None = msgspec.field(default=None, name="EnableIPv6")
    ipam: Ipam | None = msgspec.field(default=None, name="IPAM")
    internal: bool = False
    attachable: bool = False
    ingress: bool = False
    config_only: bool = False
    config_from: dict[str, str] | None = None
    options: StringMap = None
    labels: StringMap = None
