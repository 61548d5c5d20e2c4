"""Creating networks: what dockerd refuses, in its words."""

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING

from boxship.base.errors import Forbidden, InvalidParameter, NotFound, NotSupported
from boxship.base.ids import new_id
from boxship.base.times import now_ns
from boxship.engine.networks import bridges
from boxship.engine.networks.network import FALSE, ICC, MASQUERADE, MTU, TRUE, Network, Subnet
from boxship.engine.networks.store import make_pool
from boxship.network import ipam
from boxship.types.networking import IpamConfig, NetworkCreateRequest

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_PREDEFINED = ("bridge", "host", "none", "default")
_NO_SWARM = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect '
    "this node to swarm and try again."
)


async def create(engine: "Engine", request: NetworkCreateRequest) -> Network:
    """``POST /networks/create``: durable and in the kernel when it returns."""
    _check_names(request)
    subnets = [_subnet(row) for row in _configs(request)]
    options = dict(request.options or {})
    _check_options(options)
    network = Network(
        id=new_id(),
        name=request.name,
        driver="bridge",
        created=now_ns(),
        subnets=subnets,
        own_subnets=bool(subnets),
        internal=request.internal,
        attachable=request.attachable,
        options=options,
        labels=request.labels or {},
        ipam_options=(request.ipam.options if request.ipam else None) or {},
    )
    networks = engine.networks
    _check_bridge_name(engine, network)
    networks.reserve(network)
    try:
        await _give_subnet(engine, network)
        await bridges.realize(engine, network)
        await networks.save(network)
    except BaseException:
        networks.forget(network)
        if await networks.fabric.usable():
            await networks.fabric.remove_network(network.bridge)
        raise
    attributes = {"name": network.name, "type": network.driver}
    engine.events.emit("network", "create", network.id, attributes)
    return network


def _check_names(request: NetworkCreateRequest) -> None:
    if not request.name.strip():
        raise InvalidParameter(f"invalid name: {request.name}")
    if request.name in _PREDEFINED:
        raise Forbidden(f"operation is not permitted on predefined {request.name} network ")
    if request.scope == "swarm":
        raise Forbidden("cannot create a swarm scoped network when swarm is not active")
    driver = request.driver or "bridge"
    if driver in ("host", "null"):
        raise Forbidden(f'only one instance of "{driver}" network is allowed')
    if driver == "overlay":
        raise Forbidden(_NO_SWARM)
    if driver in ("macvlan", "ipvlan"):
        raise NotSupported(f"networks of driver {driver} are not supported")
    if driver != "bridge":
        raise NotFound(f'plugin "{driver}" not found')
    if request.ipam and request.ipam.driver not in ("", "default"):
        raise NotFound(f'plugin "{request.ipam.driver}" not found')
    if request.enable_ipv6:
        raise NotSupported("networks with IPv6 are not supported")


def _check_options(options: Mapping[str, str]) -> None:
    for name in (ICC, MASQUERADE):
        value = options.get(name)
        if value is not None and value not in TRUE | FALSE:
            raise InvalidParameter(
                f"failed to parse {name} value: {value} "
                f'(strconv.ParseBool: parsing "{value}": invalid syntax)'
            )
    mtu = options.get(MTU)
    if mtu is not None and not mtu.isdecimal():
        raise InvalidParameter(
            f'failed to parse {MTU} value: {mtu} (strconv.Atoi: parsing "{mtu}": invalid syntax)'
        )


def _check_bridge_name(engine: "Engine", network: Network) -> None:
    for other in engine.networks:
        if other.driver == "bridge" and other.bridge == network.bridge:
            raise Forbidden(
                f"cannot create network {network.id} ({network.bridge}): conflicts with network "
                f"{other.id} ({other.bridge}): networks have same bridge name"
            )


def _configs(request: NetworkCreateRequest) -> list[IpamConfig]:
    rows = (request.ipam.config if request.ipam else None) or []
    return [row for row in rows if row != IpamConfig()]


def _refuse(flaw: str) -> InvalidParameter:
    return InvalidParameter(f"invalid network config:\n{flaw}")


def _subnet(row: IpamConfig) -> Subnet:
    subnet = _strict(row.subnet)
    if row.ip_range:
        _check_range(subnet, row.ip_range)
    _check_member(subnet, "gateway", row.gateway)
    for name, address in (row.auxiliary_addresses or {}).items():
        _check_member(subnet, f"auxiliary address {name}:", address)
    return Subnet(
        subnet=str(subnet),
        ip_range=row.ip_range,
        gateway=row.gateway,
        auxiliary=row.auxiliary_addresses or {},
    )


def _strict(text: str) -> ipaddress.IPv4Network:
    try:
        subnet = ipaddress.ip_network(text, strict=False) if "/" in text else None
    except ValueError:
        subnet = None
    if subnet is None:
        raise _refuse(f"invalid subnet {text}: invalid CIDR block notation")
    if str(subnet) != text:
        raise _refuse(f"invalid subnet {text}: it should be {subnet}")
    if not isinstance(subnet, ipaddress.IPv4Network):
        raise NotSupported("networks with IPv6 are not supported")
    return subnet


def _check_range(subnet: ipaddress.IPv4Network, text: str) -> None:
    try:
        inner = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise _refuse(f"invalid ip-range {text}: invalid CIDR block notation") from None
    if inner.version != 4 or not inner.subnet_of(subnet):
        raise _refuse(f"invalid ip-range {text}: parent subnet {subnet} doesn't contain ip-range")


def _check_member(subnet: ipaddress.IPv4Network, what: str, text: str) -> None:
    if not text:
        return
    try:
        inside = ipaddress.ip_address(text) in subnet
    except ValueError:
        raise _refuse(f"invalid {what} {text}: invalid address") from None
    if not inside:
        raise _refuse(f"invalid {what} {text}: parent subnet {subnet} doesn't contain this address")


async def _give_subnet(engine: "Engine", network: Network) -> None:
    """The default ones keep clear of host routes too; what the user wants, of networks only."""
    if not network.subnets:
        subnet = ipam.choose_subnet(await bridges.taken(engine))
        network.subnets = [Subnet(subnet=str(subnet), gateway=str(ipam.first_usable(subnet)))]
        return
    others = [each for each in engine.networks if each.id != network.id]
    known = [ipaddress.ip_network(row.subnet) for each in others for row in each.subnets]
    for row in network.subnets:
        if ipam.overlaps(ipaddress.ip_network(row.subnet), known):
            raise Forbidden("Pool overlaps with other one on this address space")
    row = network.subnets[0]
    if not row.gateway:
        row.gateway = str(make_pool(network).allocate())
