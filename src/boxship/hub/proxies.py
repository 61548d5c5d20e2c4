"""What a proxy before the hub says of its clients; only those that the operator trusts count."""

import ipaddress
from collections.abc import Iterable

from boxship.base.errors import InvalidParameter
from boxship.wire.peer import Peer

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_MOST_HOPS = 32
UNIX = "unix"


class TrustedProxies:
    """*rules* are addresses or networks, and ``unix`` for whoever comes by a unix socket.

    :class:`InvalidParameter` for what is neither.
    """

    def __init__(self, rules: Iterable[str] = ()) -> None:
        rules = tuple(rules)
        self._unix = UNIX in rules
        try:
            self._networks = [ipaddress.ip_network(rule) for rule in rules if rule != UNIX]
        except ValueError as error:
            raise InvalidParameter(f"--trusted-proxy: {error}") from None

    def client(self, peer: Peer, forwarded: str) -> str:
        """The address of the one who asks, without a port. *forwarded* is ``X-Forwarded-For``, to
        whose end each proxy adds where its request came from."""
        address = (peer.address or "").rpartition(":")[0]
        if not self.trusts(peer):
            return address
        for hop in reversed(forwarded.split(",")[-_MOST_HOPS:]):
            found = _address(hop.strip())
            if found is None:
                break
            address = str(found)
            if not self._lists(found):
                break
        return address

    def trusts(self, peer: Peer) -> bool:
        """Whether *peer* is such a proxy."""
        if not peer.address:
            return self._unix and peer.kind == UNIX
        found = _address(peer.address)
        return found is not None and self._lists(found)

    def _lists(self, address: _Address) -> bool:
        return any(address in network for network in self._networks)


def _address(text: str) -> _Address | None:
    """An address with or without a port; None for anything else."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
