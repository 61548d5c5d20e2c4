"""All networks by id; those of the user's own have a durable row each."""

import hashlib
import ipaddress
from collections.abc import Iterator
from pathlib import Path

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
from boxship.engine.networks.settings import NetworkSettings
from boxship.engine.networks.subnets import make_pool
from boxship.network import ipam
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


def _predefined(daemon_id: str, opened_at: int, settings: NetworkSettings) -> Iterator[Network]:
    """With ids that are the same each time the daemon starts. Where there shall be no default
    bridge, containers that name it have the loopback interface only."""
    for name, driver in _DRIVERS.items():
        identity = hashlib.sha256(f"{daemon_id}/network/{name}".encode()).hexdigest()
        default = name == "bridge" and settings.default_bridge
        yield Network(
            id=identity,
            name=name,
            driver=driver if default or name != "bridge" else "null",
            created=opened_at,
            options=_BRIDGE_OPTIONS | settings.options() if default else {},
            subnets=settings.subnets() if default else [],
            ipv6=settings.ipv6 and default,
            predefined=True,
        )


class Networks:
    """Look-up, persistence, the pools of addresses, and the kernel's side."""

    def __init__(
        self,
        database: Database,
        daemon_id: str,
        opened_at: int,
        settings: NetworkSettings,
        exec_root: Path,
    ) -> None:
        self._database = database
        foreign = exec_root / "foreign-rules.json"
        self.fabric = Fabric(f"boxship_{daemon_id[:8]}", settings.publishing, foreign)
        self._pools: dict[tuple[str, int], list[Pool]] = {}
        #: The remark that interfaces of this daemon carry.
        self.owner = f"boxship {daemon_id}"
        self.settings = settings
        self.pools_of_defaults = (*settings.pools, ipam.local_pool(daemon_id))
        #: Ids of those whose bridge and firewall rules this daemon has put in place.
        self.realized: set[str] = set()
        self._by_id = {each.id: each for each in _predefined(daemon_id, opened_at, settings)}
        decoder = msgspec.json.Decoder(Network)
        for (body,) in database.read("SELECT body FROM network"):
            network = decoder.decode(body)
            self._by_id[network.id] = network

    def __iter__(self) -> Iterator[Network]:
        """Those that users see."""
        shown = self.settings.default_bridge
        return iter([each for each in self._by_id.values() if shown or each.name != "bridge"])

    @property
    def default(self) -> Network:
        return next(each for each in self._by_id.values() if each.name == "bridge")

    def of_endpoint(self, reference: str) -> Network:
        """As :meth:`get`, but containers may name a default bridge that there shall not be."""
        return self.default if reference == "bridge" else self.get(reference)

    def get(self, reference: str) -> Network:
        """By id, name, or unambiguous id prefix; :class:`NotFound` in Docker's words."""
        exact = self._by_id.get(reference)
        if exact is not None and (self.settings.default_bridge or exact.name != "bridge"):
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

    def knows(self, network: Network) -> bool:
        """Whether it has not been removed."""
        return self._by_id.get(network.id) is network

    def has_name(self, name: str) -> bool:
        return any(each.name == name for each in self)

    def subnets(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """Of all networks: what no other may overlap."""
        rows = [subnet for network in self for subnet in network.subnets]
        return [ipaddress.ip_network(row.subnet) for row in rows]

    def pools(self, network: Network, version: int) -> list[Pool]:
        """The addresses of a network, a pool for each of its subnets of IPv4 or IPv6."""
        rows = network.rows(version)
        found = self._pools.setdefault((network.id, version), [])
        found += [make_pool(row) for row in rows[len(found) :]]
        return found

    def reserve(self, network: Network) -> None:
        """Visible at once, so that two creations of one name meet. :class:`Conflict`."""
        if self.has_name(network.name):
            raise Conflict(f"network with name {network.name} already exists")
        self._by_id[network.id] = network

    def forget(self, network: Network) -> None:
        self._by_id.pop(network.id, None)
        for version in (4, 6):
            self._pools.pop((network.id, version), None)
        self.realized.discard(network.id)

    async def save(self, network: Network) -> None:
        body = msgspec.json.encode(network)
        await self._database.execute("INSERT INTO network VALUES (?, ?)", network.id, body)

    async def delete(self, network: Network) -> None:
        """Forget it durably."""
        self.forget(network)
        await self._database.execute("DELETE FROM network WHERE id = ?", network.id)
