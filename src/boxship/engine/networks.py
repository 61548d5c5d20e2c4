"""The three predefined networks, and the attachment of containers to them.

Networks of the user's own are not served yet; ``bridge`` is a private namespace with loopback.
"""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boxship.base.errors import Forbidden, InvalidParameter, NotFound, NotSupported
from boxship.base.ids import SHORT_LENGTH
from boxship.base.times import rfc3339
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import Live

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_DRIVERS = {"bridge": "bridge", "host": "host", "none": "null"}


@dataclass(frozen=True, slots=True)
class Network:
    id: str
    name: str
    driver: str


def _derived(*parts: str) -> str:
    """An id that is the same each time it is asked for."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()


def _all(engine: "Engine") -> list[Network]:
    return [
        Network(_derived(engine.daemon_id, "network", name), name, driver)
        for name, driver in _DRIVERS.items()
    ]


def get(engine: "Engine", reference: str) -> Network:
    """By id, name, or unambiguous id prefix; :class:`NotFound` in Docker's words."""
    known = _all(engine)
    for network in known:
        if reference in (network.id, network.name):
            return network
    found = [network for network in known if reference and network.id.startswith(reference)]
    if len(found) > 1:
        raise InvalidParameter(f"network {reference} is ambiguous ({len(found)} matches found)")
    if not found:
        raise NotFound(f"network {reference} not found")
    return found[0]


def check(engine: "Engine", container: Container) -> None:
    """:class:`NotFound` for a network that the container wants and that is not there."""
    for name in container.endpoints:
        get(engine, name)


def attach(engine: "Engine", container: Container) -> None:
    """Fill in what a running container's endpoints are; told again, the answer is the same."""
    for name, endpoint in container.endpoints.items():
        endpoint.network_id = get(engine, name).id
        run = str(container.state.started_at)
        endpoint.endpoint_id = _derived(container.id, endpoint.network_id, run)


def detach(container: Container) -> None:
    """The container has ended: it stays known to its networks, without an endpoint."""
    for endpoint in container.endpoints.values():
        endpoint.endpoint_id = ""


def emit(engine: "Engine", container: Container, action: str) -> None:
    """``connect`` and ``disconnect`` for each network of the container."""
    for name in container.endpoints:
        network = get(engine, name)
        attributes = {"container": container.id, "name": network.name, "type": network.driver}
        engine.events.emit("network", action, network.id, attributes)


def sandbox(container: Container) -> tuple[str, str]:
    """Id and path of a running container's network namespace."""
    shared = container.host_config.network_mode.startswith("container:")
    if shared or not container.state.running or not container.state.pid:
        return "", ""
    key = f"/proc/{container.state.pid}/ns/net"
    return _derived(container.id, "sandbox", str(container.state.started_at)), key


def _endpoints(engine: "Engine", network: Network) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for live in engine.containers:
        endpoint = _endpoint(live, network)
        if endpoint is not None:
            found[live.id] = {
                "Name": live.container.name,
                "EndpointID": endpoint,
                "MacAddress": "",
                "IPv4Address": "",
                "IPv6Address": "",
            }
    return found


def _endpoint(live: Live, network: Network) -> str | None:
    for endpoint in live.container.endpoints.values():
        if endpoint.network_id == network.id and endpoint.endpoint_id:
            return endpoint.endpoint_id
    return None


def describe(engine: "Engine", network: Network, containers: bool) -> dict[str, Any]:
    """A network as the API shows it."""
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": rfc3339(engine.opened_at),
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv4": True,
        "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": None, "Config": None},
        "Internal": False,
        "Attachable": False,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": _endpoints(engine, network) if containers else {},
        "Options": {},
        "Labels": {},
    }


def describe_all(engine: "Engine") -> list[tuple[Network, dict[str, Any]]]:
    return [(network, describe(engine, network, False)) for network in _all(engine)]


def in_use(engine: "Engine", network: Network) -> bool:
    return bool(_endpoints(engine, network))


def create(engine: "Engine", name: str) -> None:
    """``POST /networks/create``: refused, with the reason that fits best."""
    if not name.strip():
        raise InvalidParameter(f"invalid name: {name}")
    if name in _DRIVERS:
        raise Forbidden(f"operation is not permitted on predefined {name} network ")
    raise NotSupported(
        f"cannot create network {name}: this engine has no networks of one's own yet"
    )


def remove(engine: "Engine", reference: str) -> None:
    network = get(engine, reference)
    raise Forbidden(f"{network.name} is a pre-defined network and cannot be removed")


def connect(engine: "Engine", reference: str, container: str) -> None:
    """``POST /networks/{id}/connect`` and ``/disconnect``: attachments are fixed at creation."""
    network = get(engine, reference)
    live = engine.containers.get(container)
    short = live.id[:SHORT_LENGTH]
    raise NotSupported(
        f"cannot change the connection of {short} to {network.name}: "
        "this engine attaches containers to networks at their creation only"
    )
