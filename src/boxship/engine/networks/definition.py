"""From a request to a network's definition: what dockerd refuses, in its words."""

from typing import TYPE_CHECKING

from boxship.base.errors import Forbidden, InvalidParameter, NotFound
from boxship.base.ids import new_id
from boxship.base.times import now_ns
from boxship.engine.networks import driver_options, subnets
from boxship.engine.networks.network import GATEWAY_MODES, UPPER_DRIVERS, Network, Subnet
from boxship.types.networking import IpamConfig, NetworkCreateRequest

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_PREDEFINED = ("bridge", "host", "none", "default")
_NO_SWARM = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect '
    "this node to swarm and try again."
)
_CONFIG_ONLY = (
    "configuration network can only contain network specific fields. Network operator fields like "
    "[ ingress | internal | attachable | scope ] are not supported."
)
_FROM = "if the network depends on a configuration network"


def define(engine: "Engine", request: NetworkCreateRequest) -> Network:
    """Complete but for what the daemon chooses: default subnets and gateways."""
    _check_request(request)
    network = Network(
        id=new_id(),
        name=request.name,
        driver="null" if request.config_only else request.driver or "bridge",
        created=now_ns(),
        subnets=[subnets.parse(row, bool(request.enable_ipv6)) for row in _configs(request)],
        ipv4_enabled=request.enable_ipv4 is not False,
        ipv6=bool(request.enable_ipv6),
        scope=request.scope or "local",
        internal=request.internal,
        attachable=request.attachable,
        config_only=request.config_only,
        options=_options(engine, request),
        labels=request.labels or {},
        ipam_options=request.ipam.options if request.ipam else None,
    )
    source = (request.config_from or {}).get("Network", "")
    if source:
        _copy(network, _config_network(engine, source))
    network.own_subnets = bool(network.subnets)
    if not network.config_only:
        _check_driver(engine, network)
    return network


def _options(engine: "Engine", request: NetworkCreateRequest) -> dict[str, str]:
    """The daemon's own for the driver, where the user says nothing else."""
    given = dict(request.options or {})
    if request.config_only or (request.config_from or {}).get("Network"):
        return given
    known = engine.networks.settings.driver_options.get(request.driver or "bridge", {})
    return {**known, **given}


def _check_request(request: NetworkCreateRequest) -> None:
    if not request.name.strip():
        raise InvalidParameter(f"invalid name: {request.name}")
    if request.name in _PREDEFINED:
        raise Forbidden(f"operation is not permitted on predefined {request.name} network ")
    if request.config_only:
        _check_config_only(request)
    elif request.scope == "swarm":
        raise Forbidden("cannot create a swarm scoped network when swarm is not active")
    elif request.ingress:
        raise Forbidden("Ingress network can only be global scope network")
    if request.driver == "overlay":
        raise Forbidden(_NO_SWARM)
    if request.ipam and request.ipam.driver not in ("", "default"):
        if request.ipam.driver == "null":
            raise InvalidParameter("ipv4 pool is empty")
        raise NotFound(f'plugin "{request.ipam.driver}" not found')
    if request.enable_ipv4 is False and not request.enable_ipv6:
        raise InvalidParameter("IPv4 or IPv6 must be enabled")
    if (request.config_from or {}).get("Network") and not request.config_only:
        _check_from(request)


def _check_config_only(request: NetworkCreateRequest) -> None:
    if (request.config_from or {}).get("Network"):
        raise Forbidden("a configuration network cannot depend on another configuration network")
    if request.ingress or request.internal or request.attachable or request.scope:
        raise Forbidden(_CONFIG_ONLY)


def _check_from(request: NetworkCreateRequest) -> None:
    if request.options:
        raise Forbidden(f"network driver options are not supported {_FROM}")
    ipam = request.ipam
    if _configs(request) or request.labels or request.enable_ipv6 or (ipam and ipam.options):
        raise Forbidden(f"user specified configurations are not supported {_FROM}")


def _configs(request: NetworkCreateRequest) -> list[IpamConfig]:
    rows = (request.ipam.config if request.ipam else None) or []
    return [row for row in rows if row != IpamConfig()]


def _config_network(engine: "Engine", name: str) -> Network:
    found = engine.networks.find(name)
    if found is None or not found.config_only:
        raise NotFound(f'configuration network "{name}" does not exist')
    return found


def _copy(network: Network, source: Network) -> None:
    network.config_from = source.name
    network.subnets = [_copied(row) for row in source.subnets]
    network.ipv6 = source.ipv6
    network.options = dict(source.options)
    network.labels = dict(source.labels)
    network.ipam_options = source.ipam_options


def _copied(row: Subnet) -> Subnet:
    return Subnet(
        subnet=row.subnet,
        ip_range=row.ip_range,
        gateway=row.gateway,
        auxiliary=dict(row.auxiliary),
    )


def _check_driver(engine: "Engine", network: Network) -> None:
    driver = network.driver
    if driver in ("host", "null"):
        raise Forbidden(f'only one instance of "{driver}" network is allowed')
    if driver not in ("bridge", *UPPER_DRIVERS):
        raise NotFound(f'plugin "{driver}" not found')
    driver_options.check(driver, network.options)
    if driver == "bridge":
        _check_bridge(engine, network)
    else:
        _check_parent(engine, network)


def _check_bridge(engine: "Engine", network: Network) -> None:
    modes = {network.options.get(option) for option in GATEWAY_MODES.values()}
    if "isolated" in modes and not network.internal:
        raise InvalidParameter("gateway mode 'isolated' can only be used for an internal network")
    if len(network.rows(4)) > 1 or len(network.rows(6)) > 1:
        subnets.check_apart(network.subnets, [])
        raise Forbidden("bridge driver doesn't support multiple subnets")
    for other in engine.networks:
        if other.driver == "bridge" and other.bridge == network.bridge:
            raise Forbidden(
                f"cannot create network {network.id} ({network.bridge}): conflicts with network "
                f"{other.id} ({other.bridge}): networks have same bridge name"
            )


def _check_parent(engine: "Engine", network: Network) -> None:
    """One network a parent and driver, as with Docker 26."""
    for other in engine.networks:
        if other.driver == network.driver and other.parent == network.parent:
            raise Forbidden(
                f"network dm-{other.id[:12]} is already using parent interface {network.parent}"
            )
