"""Our table of nftables: who may reach whom, what is translated (nft(8)).

Everything that changes is an element of a set or a map; the rules themselves never change. The
sets are kept here as well, so that the whole table can be put in place again in one transaction.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from boxship.kernel.nft import Nft

_TABLE = "inet boxship"
_RULES = """
table inet boxship {
  set bridges { type ifname; }
  set inside { type ifname . ifname; }
  set internal { type ifname; }
  set subnets { type ipv4_addr; flags interval; }
  set masqueraded { type ipv4_addr; flags interval; }
  set masqueraded6 { type ipv6_addr; flags interval; }
  map published { type inet_proto . inet_service : ipv4_addr . inet_service; }
  map published_at { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }

  chain loopback {
    type filter hook prerouting priority raw; policy accept;
    iifname @bridges ip daddr 127.0.0.0/8 drop
    iifname @bridges ip saddr 127.0.0.0/8 drop
  }
  chain publish {
    dnat ip to ip daddr . meta l4proto . th dport map @published_at
    dnat ip to meta l4proto . th dport map @published
  }
  chain arriving {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local jump publish
  }
  chain own {
    type nat hook output priority -100; policy accept;
    fib daddr type local jump publish
  }
  chain leaving {
    type nat hook postrouting priority srcnat; policy accept;
    oifname @bridges ip saddr 127.0.0.0/8 masquerade
    oifname @bridges ip saddr @subnets ct status dnat masquerade
    ip saddr @masqueraded oifname != @bridges masquerade
    ip6 saddr @masqueraded6 oifname != @bridges masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
    iifname . oifname @inside accept
    iifname @internal drop
    oifname @internal drop
    oifname @bridges ct status dnat accept
    oifname @bridges drop
  }
}
"""


@dataclass(frozen=True, slots=True)
class Zone:
    """A network as the firewall sees it."""

    bridge: str
    subnet: ipaddress.IPv4Network | None
    internal: bool = False
    masquerade: bool = True
    subnet6: ipaddress.IPv6Network | None = None
    masquerade6: bool = True


@dataclass(frozen=True, slots=True)
class Publication:
    """A port of the host that leads to one of a container. *host*: 0.0.0.0 for all addresses."""

    protocol: str
    host: ipaddress.IPv4Address
    port: int
    target: ipaddress.IPv4Address
    target_port: int


def _zone_elements(zone: Zone) -> list[tuple[str, str]]:
    name = f'"{zone.bridge}"'
    rows = [("bridges", name), ("inside", f"{name} . {name}")]
    if zone.internal:
        rows.append(("internal", name))
    if zone.subnet is not None:
        rows.append(("subnets", str(zone.subnet)))
    if zone.subnet is not None and zone.masquerade and not zone.internal:
        rows.append(("masqueraded", str(zone.subnet)))
    if zone.subnet6 is not None and zone.masquerade6 and not zone.internal:
        rows.append(("masqueraded6", str(zone.subnet6)))
    return rows


def _key(row: Publication) -> tuple[str, str]:
    """The map and the key in it."""
    if int(row.host) == 0:
        return "published", f"{row.protocol} . {row.port}"
    return "published_at", f"{row.host} . {row.protocol} . {row.port}"


def _added(row: Publication) -> str:
    name, key = _key(row)
    return f"add element {_TABLE} {name} {{ {key} : {row.target} . {row.target_port} }}\n"


def _deleted(row: Publication) -> str:
    name, key = _key(row)
    return f"delete element {_TABLE} {name} {{ {key} }}\n"


class Firewall:
    """Belongs to the thread that made it. :class:`Internal` when the kernel refuses a change."""

    def __init__(self) -> None:
        self._nft = Nft()
        self._zones: dict[str, Zone] = {}
        self._publications: set[Publication] = set()
        self.restore()

    def restore(self) -> None:
        """Put the whole table in place, whatever has become of it."""
        commands = [f"add table {_TABLE}\ndelete table {_TABLE}\n", _RULES]
        commands += [self._zone_command("add", zone) for zone in self._zones.values()]
        commands += [_added(row) for row in self._publications]
        self._nft.run("".join(commands))

    @staticmethod
    def _zone_command(verb: str, zone: Zone) -> str:
        rows = _zone_elements(zone)
        return "".join(f"{verb} element {_TABLE} {name} {{ {row} }}\n" for name, row in rows)

    def add_zone(self, zone: Zone) -> None:
        """Make it known; told again, nothing changes."""
        if self._zones.get(zone.bridge) == zone:
            return
        self.remove_zone(zone.bridge)
        self._nft.run(self._zone_command("add", zone))
        self._zones[zone.bridge] = zone

    def remove_zone(self, bridge: str) -> None:
        zone = self._zones.pop(bridge, None)
        if zone is not None:
            self._nft.run(self._zone_command("delete", zone))

    def publish(self, rows: Iterable[Publication]) -> None:
        """All of *rows*, or none."""
        new = [row for row in rows if row not in self._publications]
        if new:
            self._nft.run("".join(map(_added, new)))
            self._publications.update(new)

    def withdraw(self, rows: Iterable[Publication]) -> None:
        """Those of *rows* that are published."""
        old = [row for row in rows if row in self._publications]
        if old:
            self._nft.run("".join(map(_deleted, old)))
            self._publications.difference_update(old)

    def close(self) -> None:
        """Let go of the handle; the rules stay, as containers do."""
        self._nft.close()
