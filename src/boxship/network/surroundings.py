"""What other programs' rules of nftables do with packets: read from ``nft list chains``. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Names may be any text, of which nft itself takes few.
_TABLE = re.compile(r"table (\w+) (.+) \{")
_CHAIN = re.compile(r"\tchain (.+) \{\Z")
_ORDINARY = re.compile(r"[A-Za-z][\w/.\-]*\Z", re.ASCII)
_HOOK = re.compile(r"\t\ttype (\w+) hook (\w+) .*?(?:; policy (\w+))?;$")
# Of a rule for all packets: it counts, writes a log, or both, and then refuses.
_TEXT = r'"[^"]*"'
_COUNTER = rf"counter (?:packets \d+ bytes \d+|name {_TEXT})"
_LOGGED = rf"(?:prefix {_TEXT}|(?:level|group|snaplen|queue-threshold) \w+|flags (?:\w+ )?[\w,]+)"
_LOG = rf"log(?: {_LOGGED})*"
_LAST = re.compile(rf"(?:(?:{_COUNTER}|{_LOG}) )*(?:drop|reject\b.*?)(?: comment {_TEXT})?\Z")
#: Tables of daemons of ours.
OWN = "boxship"


@dataclass(frozen=True, slots=True)
class Chain:
    """*hook* is empty for one that others jump to."""

    family: str
    table: str
    name: str
    kind: str = ""
    hook: str = ""
    policy: str = ""

    @property
    def place(self) -> str:
        return f"{self.family} {self.table} {self.name}"

    @property
    def can_be_named(self) -> bool:
        """Whether nft takes its name in commands, and nothing else by it."""
        return all(_ORDINARY.match(each) for each in (self.table, self.name))


def parse_chains(text: str) -> list[Chain]:
    """Of others."""
    found: list[Chain] = []
    family = table = ""
    for line in text.splitlines():
        if match := _TABLE.match(line):
            family, table = match.groups()
        elif match := _CHAIN.match(line):
            found.append(Chain(family, table, match[1]))
        elif (match := _HOOK.match(line)) and found:
            last = found.pop()
            found.append(Chain(family, table, last.name, match[1], match[2], match[3] or "accept"))
    return [
        each
        for each in found
        if not each.table.startswith(OWN) and each.table != _FIREWALLD_RELOADING
    ]


def ends_in_refusal(text: str) -> bool:
    """Whether the last rule of a chain, as ``nft list chain`` prints it, lets nothing through."""
    lines = [line.strip() for line in text.splitlines() if line.startswith("\t\t")]
    return bool(lines) and _LAST.match(lines[-1]) is not None


def filters(chains: Sequence[Chain], hook: str) -> Iterator[Chain]:
    """Those that packets pass at *hook*, if they come from elsewhere."""
    for each in chains:
        if each.hook == hook and each.kind == "filter" and each.family in ("ip", "ip6", "inet"):
            yield each


@dataclass(frozen=True, slots=True)
class Point:
    """Where a program lets others add a rule of theirs.

    *tool* names the program, *family* is ip or ip6, *chain* that of iptables; firewalld has a zone
    for interfaces instead, one of which *chain* is, or none.
    """

    tool: str
    family: str = ""
    chain: str = ""


#: Chains by the program that documents them, the one first that packets pass first.
_POINTS = (
    Point("dockerd", "ip", "DOCKER-USER"),
    Point("dockerd", "ip6", "DOCKER-USER"),
    Point("ufw", "ip", "ufw-user-forward"),
    Point("ufw", "ip6", "ufw6-user-forward"),
)
FIREWALLD = Point("firewalld")


def is_known(point: Point) -> bool:
    """Whether it is one of those where rules of ours are put."""
    return point in _POINTS or (point.tool == FIREWALLD.tool and isinstance(point.chain, str))


_FIREWALLD_TABLE = "firewalld"
# It drops everything while firewalld is reloaded.
_FIREWALLD_RELOADING = "firewalld_policy_drop"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """*points*: where a rule is needed for our packets to pass; *obstacles*: chains that drop
    them and have no such place; *closed*: chains that refuse who comes from outside."""

    points: tuple[Point, ...] = ()
    obstacles: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


def survey(chains: Sequence[Chain], refusing: Sequence[Chain]) -> Surroundings:
    """*refusing*: those whose last rule lets nothing through, whatever their policy."""
    points: list[Point] = []
    obstacles: list[str] = []
    names = {(each.family, each.name) for each in chains if each.table == "filter"}
    for chain in filters(chains, "forward"):
        if chain.policy != "drop" and chain not in refusing:
            continue
        if chain.table == _FIREWALLD_TABLE:
            points.append(FIREWALLD)
            continue
        open_to_us = [
            point
            for point in _POINTS
            if chain.table == "filter"
            and chain.family == point.family
            and (point.family, point.chain) in names
        ]
        points += open_to_us[:1]
        if not open_to_us:
            obstacles.append(chain.place)
    closed = [
        each.place for each in filters(chains, "input") if each.policy == "drop" or each in refusing
    ]
    return Surroundings(tuple(points), tuple(obstacles), tuple(closed))
