"""Who is on which network under which names: what queries are answered from."""

import os
from collections.abc import Iterator

Key = tuple[str, str]


class Endpoint:
    """A container on a network. *names*: the first one is what its addresses lead back to."""

    __slots__ = ("addresses", "names", "network_name")

    def __init__(self, network_name: str, names: list[str], addresses: list[bytes]) -> None:
        self.network_name = network_name
        self.names = names
        self.addresses = addresses


class Names:
    """Endpoints by container and network, and two indexes of them."""

    def __init__(self) -> None:
        self._endpoints: dict[Key, Endpoint] = {}
        self._by_name: dict[Key, dict[str, Endpoint]] = {}
        self._by_address: dict[tuple[str, bytes], Endpoint] = {}

    def join(self, container: str, network: str, endpoint: Endpoint) -> None:
        """Make it known; in place of what was known of this container there."""
        self.part(container, network)
        self._endpoints[container, network] = endpoint
        for name in endpoint.names:
            self._by_name.setdefault((network, name.lower()), {})[container] = endpoint
        for address in endpoint.addresses:
            self._by_address[network, address] = endpoint

    def part(self, container: str, network: str) -> None:
        endpoint = self._endpoints.pop((container, network), None)
        if endpoint is None:
            return
        for name in endpoint.names:
            holders = self._by_name.get((network, name.lower()), {})
            holders.pop(container, None)
            if not holders:
                self._by_name.pop((network, name.lower()), None)
        for address in endpoint.addresses:
            if self._by_address.get((network, address)) is endpoint:
                del self._by_address[network, address]

    def forget(self, container: str) -> None:
        """It is on no network any more."""
        for key in [key for key in self._endpoints if key[0] == container]:
            self.part(*key)

    def clear(self) -> None:
        self._endpoints.clear()
        self._by_name.clear()
        self._by_address.clear()

    def addresses(self, network: str, name: str) -> list[bytes] | None:
        """Of all who have *name* there, any of them first; None if nobody has it."""
        holders = self._by_name.get((network, name))
        if holders is None:
            return None
        found = [address for each in holders.values() for address in each.addresses]
        if len(found) < 2:
            return found
        # By chance: clients ask for IPv4 and IPv6 in turn, so that turns would not do.
        start = int.from_bytes(os.urandom(2), "big") % len(found)
        return found[start:] + found[:start]

    def name_of(self, network: str, address: bytes) -> str | None:
        """*address* leads back to the first name, followed by the network's."""
        endpoint = self._by_address.get((network, address))
        if endpoint is None or not endpoint.names:
            return None
        return f"{endpoint.names[0]}.{endpoint.network_name}"


class View:
    """What one container sees. *networks*: ids and names, in the order in which they are asked;
    *links*: for each network, further names of containers there that this one alone uses."""

    def __init__(
        self, names: Names, networks: list[tuple[str, str]], links: dict[str, dict[str, str]]
    ) -> None:
        self._names = names
        self._networks = networks
        self._links = links

    def addresses(self, name: str) -> list[bytes] | None:
        """All addresses of *name*, ``name`` or ``name.network``; None if nobody here has it."""
        for host, wanted in _readings(name):
            for linked in (True, False):
                for network, network_name in self._networks:
                    if wanted is not None and wanted != network_name.lower():
                        continue
                    known = self._links.get(network, {}).get(host) if linked else host
                    found = self._names.addresses(network, known.lower()) if known else None
                    if found is not None:
                        return found
        return None

    def name_of(self, address: bytes) -> str | None:
        for network, _ in self._networks:
            found = self._names.name_of(network, address)
            if found is not None:
                return found
        return None


def _readings(name: str) -> Iterator[tuple[str, str | None]]:
    """The whole as a host, then each split into a host and a network."""
    yield name, None
    position = len(name)
    while (position := name.rfind(".", 0, position)) > 0:
        yield name[:position], name[position + 1 :]
