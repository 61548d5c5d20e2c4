"""All networks by id; those of the user's own have a durable row each."""

import hashlib
import ipaddress
from collections.abc import Iterator

import msgspec

from boxship.base.errors import BoxshipError, Conflict, InvalidParameter, NotFound
from boxship.engine.networks.network import BRIDGE_NAME as BRIDGE_OPTION
from boxship.engine.networks.network import (
    DEFAULT_BRIDGE,
    HOST_ADDRESS,
    ICC,
    MASQUERADE,
    MTU,
    Network,
)
from boxship.network.fabric import Fabric
from boxship.network.ipam import Pool
from boxship.state.database import Database

MIGRATIONS = ("CREATE TABLE network (id TEXT PRIMARY KEY, body BLOB NOT NULL)",)
_DRIVERS = {"bridge": "bridge", "host": "host", "none": "null"}
_BRIDGE_OPTIONS = {
    DEFAULT_BRIDGE: "true",
    ICC: "true",
    MASQUERADE: "true",
    HOST_ADDRESS: "0.0.0.0",
    BRIDGE_OPTION: "boxship0",
    MTU: "1500",
}


def _predefined(daemon_id: str, opened_at: int) -> Iterator[Network]:
    """With ids that are the same each time the daemon starts."""
    for name, driver in _DRIVERS.items():
        identity = hashlib.sha256(f"{daemon_id}/network/{name}".encode()).hexdigest()
        options = dict(_BRIDGE_OPTIONS) if name == "bridge" else {}
        yield Network(
            id=identity,
            name=name,
            driver=driver,
            created=opened_at,
            options=options,
            predefined=True,
        )


class Networks:
    """Look-up, persistence, the pools of addresses, and the kernel's side."""

    def __init__(self, database: Database, daemon_id: str, opened_at: int) -> None:
        self._database = database
        self.fabric = Fabric()
        self._pools: dict[str, Pool] = {}
        #: Ids of those whose bridge and firewall rules this daemon has put in place.
        self.realized: set[str] = set()
        self._by_id = {each.id: each for each in _predefined(daemon_id, opened_at)}
        decoder = msgspec.json.Decoder(Network)
        for (body,) in database.read("SELECT body FROM network"):
            network = decoder.decode(body)
            self._by_id[network.id] = network

    def __iter__(self) -> Iterator[Network]:
        return iter([*self._by_id.values()])

    @property
    def default(self) -> Network:
        return self.get("bridge")

    def get(self, reference: str) -> Network:
        """By id, name, or unambiguous id prefix; :class:`NotFound` in Docker's words."""
        exact = self._by_id.get(reference)
        if exact is not None:
            return exact
        named = [each for each in self if each.name == reference]
        found = named or [each for each in self if reference and each.id.startswith(reference)]
        if len(found) > 1:
            raise InvalidParameter(f"network {reference} is ambiguous ({len(found)} matches found)")
        if not found:
            raise NotFound(f"network {reference} not found")
        return found[0]

    def find(self, reference: str) -> Network | None:
        try:
            return self.get(reference)
        except BoxshipError:
            return None

    def has_name(self, name: str) -> bool:
        return any(each.name == name for each in self)

    def subnets(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """Of all networks: what no other may overlap."""
        rows = [subnet for network in self for subnet in network.subnets]
        return [ipaddress.ip_network(row.subnet) for row in rows]

    def pool(self, network: Network) -> Pool:
        """The addresses of a network that has an IPv4 subnet."""
        pool = self._pools.get(network.id)
        if pool is None:
            pool = self._pools[network.id] = make_pool(network)
        return pool

    def reserve(self, network: Network) -> None:
        """Visible at once, so that two creations of one name meet. :class:`Conflict`."""
        if self.has_name(network.name):
            raise Conflict(f"network with name {network.name} already exists")
        self._by_id[network.id] = network

    def forget(self, network: Network) -> None:
        self._by_id.pop(network.id, None)
        self._pools.pop(network.id, None)
        self.realized.discard(network.id)

    async def save(self, network: Network) -> None:
        body = msgspec.json.encode(network)
        await self._database.execute("INSERT INTO network VALUES (?, ?)", network.id, body)

    async def delete(self, network: Network) -> None:
        """Forget it durably."""
        self.forget(network)
        await self._database.execute("DELETE FROM network WHERE id = ?", network.id)


def make_pool(network: Network) -> Pool:
    """Of the network's IPv4 subnet, which must be known."""
    row = network.ipv4
    assert row is not None
    subnet = ipaddress.IPv4Network(row.subnet)
    kept = [*row.auxiliary.values(), *([row.gateway] if row.gateway else [])]
    return Pool(
        subnet,
        ipaddress.IPv4Network(row.ip_range, strict=False) if row.ip_range else subnet,
        frozenset(map(ipaddress.IPv4Address, kept)),
    )
