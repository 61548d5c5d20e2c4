"""The text of our table of nftables (nft(8)): who may reach whom, what is translated. Pure.

Everything that changes is an element of a set or a map; the rules themselves never change.

What a container sends to another network is judged before the state of connections is asked: with
a sender's address that is not its own it could else speak in a connection of somebody else.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from boxship.base.errors import Internal
from boxship.network.ipam import Address

#: The bit of a packet's mark that says: ours, and allowed. It is set while a packet is forwarded,
#: where routing is done with it, for the sake of foreign chains that drop the rest.
MARK = 0x01000000
#: What stands at the end of our table, unless somebody has emptied it.
LAST_JUMP = "oifname @bridges goto received"
Element = tuple[str, str]
# Numbers, addresses and names of protocols; names of interfaces in quotes.
_ROW = re.compile(r'(?:[0-9A-Za-z.:/ -]|"[^"\n]*")+\Z')
_RULES = """
table inet {table} {{
  set bridges {{ type ifname; }}
  set inside {{ type ifname . ifname; }}
  set internal {{ type ifname; }}
  set subnets {{ type ipv4_addr; flags interval; }}
  set subnets6 {{ type ipv6_addr; flags interval; }}
  set masqueraded {{ type ipv4_addr; flags interval; }}
  set masqueraded6 {{ type ipv6_addr; flags interval; }}
  map published {{ type inet_proto . inet_service : ipv4_addr . inet_service; }}
  map published_at {{ type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }}
  map published6 {{ type inet_proto . inet_service : ipv6_addr . inet_service; }}
  map published6_at {{ type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }}
  set linked {{ type ipv4_addr . ipv4_addr . inet_proto . inet_service; }}
  set opened {{ type ipv4_addr . inet_proto . inet_service; }}
  set opened6 {{ type ipv6_addr . inet_proto . inet_service; }}
  set routed {{ type nf_proto . ifname; }}
  set unprotected {{ type nf_proto . ifname; }}

  chain loopback {{
    type filter hook prerouting priority raw; policy accept;{others}
    ip daddr 127.0.0.0/8 iifname @bridges drop
    ip saddr 127.0.0.0/8 iifname @bridges drop
  }}
  chain publish {{
    dnat ip to ip daddr . meta l4proto . th dport map @published_at
    dnat ip to meta l4proto . th dport map @published
    ip6 daddr ::1 return
    dnat ip6 to ip6 daddr . meta l4proto . th dport map @published6_at
    dnat ip6 to meta l4proto . th dport map @published6
  }}
  chain arriving {{
    type nat hook prerouting priority dstnat; policy accept;{others}
    ip daddr 127.0.0.0/8 return
    fib daddr type local jump {from_outside}
  }}
  chain own {{
    type nat hook output priority -100; policy accept;{others}
    fib daddr type local jump publish
  }}
  chain returning {{
    ct status dnat ip saddr 127.0.0.0/8 masquerade
    ct status dnat ip saddr @subnets masquerade
    ct status dnat ip6 saddr @subnets6 masquerade
  }}
  chain leaving {{
    type nat hook postrouting priority srcnat; policy accept;{others}
    oifname @bridges goto returning
    ip saddr @masqueraded masquerade
    ip6 saddr @masqueraded6 masquerade
  }}
  chain permitted {{
    meta mark set meta mark | {mark:#x} accept
  }}
  chain direct {{
    ct original ip daddr . ct protocol . ct original proto-dst @opened {open}
    ct original ip6 daddr . ct protocol . ct original proto-dst @opened6 {open}
    meta l4proto {{ icmp, ipv6-icmp }} meta nfproto . oifname @routed {open}
  }}
  chain across {{
    oifname @internal drop
    fib saddr . iif oif missing drop
    ct status dnat goto permitted
    ct original ip saddr . ct original ip daddr . ct protocol . ct original proto-dst @linked \
goto permitted
    jump direct
    drop
  }}
  chain sent {{
    iifname . oifname @inside goto permitted
    iifname @internal drop
    oifname @bridges goto across
    goto permitted
  }}
  chain received {{
    ct state established,related goto permitted
    ct status dnat goto permitted
    oifname @internal drop
    meta nfproto . oifname @unprotected goto permitted
    jump direct
    drop
  }}
  chain forward {{
    type filter hook forward priority filter - 10; policy accept;{others}
    iifname @bridges goto sent
    {last}
  }}
{guard}}}
"""
# Whoever has not passed the host's own chains of hook input yet is sent through them, which takes
# a packet: it is lost behind them, and the one that its sender repeats is translated. What arrives
# there all the same is for the host itself.
_GUARD = """
  set guarded { type inet_proto . inet_service; }
  set admitted { type ipv4_addr . inet_proto . inet_service; flags dynamic,timeout; timeout 1h; }
  set admitted6 { type ipv6_addr . inet_proto . inet_service; flags dynamic,timeout; timeout 1h; }

  chain admit {
    iifname @bridges goto publish
    meta l4proto . th dport != @guarded goto publish
    ip saddr . meta l4proto . th dport @admitted goto publish
    ip6 saddr . meta l4proto . th dport @admitted6 goto publish
  }
  chain asked {
    type filter hook input priority filter + 10; policy accept;
    iifname { "lo" } accept
    iifname @bridges accept
    ct state != new accept
    meta l4proto . th dport != @guarded accept
    ip saddr . meta l4proto . th dport @admitted accept
    ip6 saddr . meta l4proto . th dport @admitted6 accept
    add @admitted { ip saddr . meta l4proto . th dport } drop
    add @admitted6 { ip6 saddr . meta l4proto . th dport } drop
    drop
  }
"""
#: What a change of the host's own rules may have made untrue.
_ADMITTED = ("admitted", "admitted6")


@dataclass(frozen=True, slots=True)
class Publishing:
    """How ports get to containers. *rules*, *rules6*: by those of nftables, for IPv4 and IPv6;
    *forwarding*: the host is made to route; *proxy*: a process carries what rules cannot;
    *guarded*: only to whom the host's own firewall lets in."""

    rules: bool = True
    rules6: bool = True
    forwarding: bool = True
    proxy: bool = True
    guarded: bool = False

    @property
    def versions(self) -> tuple[int, ...]:
        """Of IP, that rules are made for."""
        return tuple(v for v, wanted in ((4, self.rules), (6, self.rules6)) if wanted)


#: What a daemon does that is told nothing else.
PLAIN = Publishing()


@dataclass(frozen=True, slots=True)
class Zone:
    """A network as the firewall sees it. *icc*: whether its containers reach each other by way
    of the host; ports of its bridge are apart otherwise, too."""

    bridge: str
    subnet: IPv4Network | None
    internal: bool = False
    masquerade: bool = True
    icc: bool = True
    subnet6: IPv6Network | None = None
    masquerade6: bool = True
    #: Of its gateway, for IPv4 and IPv6. Who routes to its containers reaches all their ports
    #: (``nat-unprotected``), or the published ones, which nobody translates (``routed``).
    modes: tuple[str, str] = ("nat", "nat")


@dataclass(frozen=True, slots=True)
class Publication:
    """A port of the host that leads to one of a container. *host*: 0.0.0.0 or :: for all
    addresses of the version. *port* 0: none, the container's own is open to others."""

    protocol: str
    host: Address
    port: int
    target: Address
    target_port: int

    @property
    def direct(self) -> bool:
        """Whether the container is asked at its own address."""
        return self.port == 0

    @property
    def translated(self) -> bool:
        """Whether the kernel can do it; it never sends on what comes from ::1."""
        return (
            not self.direct
            and self.host.version == self.target.version
            and not (self.host.version == 6 and self.host.is_loopback)
        )

    @property
    def proxied(self) -> bool:
        """Whether a process has to carry some of it."""
        if self.direct:
            return False
        return not self.translated or (self.host.version == 6 and self.host.is_unspecified)


@dataclass(frozen=True, slots=True)
class Link:
    """A port of a container that another one reaches, where they are kept apart else."""

    sender: IPv4Address
    receiver: IPv4Address
    protocol: str
    port: int


def table(name: str, wanted: Publishing = PLAIN) -> str:
    """Commands that put the empty table in place, whatever has become of it."""
    others = [f"\n    meta nfproto ipv{v} accept" for v in (4, 6) if v not in wanted.versions]
    rules = _RULES.format(
        table=name,
        mark=MARK,
        last=LAST_JUMP,
        others="".join(others),
        from_outside="admit" if wanted.guarded else "publish",
        # Without the mark, what the host forwards is for its own rules to judge.
        open="accept" if wanted.guarded else "goto permitted",
        guard=_GUARD if wanted.guarded else "",
    )
    return removal(name) + rules


def removal(name: str) -> str:
    return f"add table inet {name}\ndelete table inet {name}\n"


def forgotten_admissions(name: str) -> str:
    return "".join(f"flush set inet {name} {each}\n" for each in _ADMITTED)


_SETS_OF_MODES = {"nat-unprotected": "unprotected", "routed": "routed"}


def zone_elements(zone: Zone) -> list[Element]:
    """Set and element."""
    name = f'"{zone.bridge}"'
    rows = [("bridges", name)]
    if zone.icc:
        rows.append(("inside", f"{name} . {name}"))
    if zone.internal:
        rows.append(("internal", name))
    for version, mode in zip(("ipv4", "ipv6"), zone.modes, strict=True):
        if mode in _SETS_OF_MODES and not zone.internal:
            rows.append((_SETS_OF_MODES[mode], f"{version} . {name}"))
    for subnet, masquerade, end in (
        (zone.subnet, zone.masquerade, ""),
        (zone.subnet6, zone.masquerade6, "6"),
    ):
        if subnet is not None:
            rows.append((f"subnets{end}", str(subnet)))
        if subnet is not None and masquerade and not zone.internal:
            rows.append((f"masqueraded{end}", str(subnet)))
    return rows


def publication_elements(row: Publication) -> list[Element]:
    """Map and key, or set and element; none for what only a process can do."""
    if row.direct:
        place = "opened6" if row.target.version == 6 else "opened"
        return [(place, f"{row.target} . {row.protocol} . {row.target_port}")]
    if not row.translated:
        return []
    name = "published6" if row.host.version == 6 else "published"
    if row.host.is_unspecified:
        return [(name, f"{row.protocol} . {row.port}")]
    return [(f"{name}_at", f"{row.host} . {row.protocol} . {row.port}")]


def guarded_element(row: Publication) -> Element:
    return "guarded", f"{row.protocol} . {row.port}"


def change(verb: str, name: str, elements: Iterable[Element]) -> str:
    """:class:`Internal` for an element that would be more than one, or another command."""
    rows = [*elements]
    for _, row in rows:
        if not _ROW.match(row):
            raise Internal(f"not an element of a set of nftables: {row!r}")
    return "".join(f"{verb} element inet {name} {place} {{ {row} }}\n" for place, row in rows)


def publishing(name: str, row: Publication) -> str:
    leads = "" if row.direct else f" : {row.target} . {row.target_port}"
    return change("add", name, [(m, f"{key}{leads}") for m, key in publication_elements(row)])


def link_element(row: Link) -> Element:
    return "linked", f"{row.sender} . {row.receiver} . {row.protocol} . {row.port}"
