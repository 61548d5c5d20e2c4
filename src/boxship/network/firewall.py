"""Our table of nftables, and what is in it: kept here as well, so that the whole of it can be put
in place again in one transaction."""

from collections import Counter
from collections.abc import Iterable

from boxship.base.errors import Internal
from boxship.kernel.nft import Nft
from boxship.network import ruleset
from boxship.network.ruleset import Element, Link, Publication, Publishing, Zone


class Firewall:
    """Belongs to the thread that made it. :class:`Internal` when the kernel refuses a change.

    *name*: of the table, no other daemon's. *wanted*: what there shall be of it. *kept*: rules of
    an earlier daemon stay in force until :meth:`restore`, and changes wait for that.
    """

    def __init__(self, name: str, wanted: Publishing, kept: bool) -> None:
        self.name = name
        self.wanted = wanted
        #: None where no rules are wanted at all.
        self.nft = Nft() if wanted.versions else None
        self._zones: dict[str, Zone] = {}
        self._publications: set[Publication] = set()
        self._guarded: Counter[Element] = Counter()
        self._links: frozenset[Link] = frozenset()
        self._waiting = kept and self.is_present()
        if not self._waiting:
            self.restore()

    @property
    def bridges(self) -> list[str]:
        return sorted(self._zones)

    def restore(self) -> None:
        """Put the whole table in place, whatever has become of it."""
        commands = [ruleset.table(self.name, self.wanted)]
        for zone in self._zones.values():
            commands.append(ruleset.change("add", self.name, ruleset.zone_elements(zone)))
        commands += [ruleset.publishing(self.name, row) for row in self._publications]
        commands.append(ruleset.change("add", self.name, self._guarded))
        commands.append(ruleset.change("add", self.name, map(ruleset.link_element, self._links)))
        self._run("".join(commands))
        self._waiting = False

    def touch(self) -> None:
        """A change that changes nothing."""
        self._run(f"add table inet {self.name}\n")

    def _change(self, commands: str) -> None:
        if not self._waiting:
            self._run(commands)

    def _run(self, commands: str) -> str:
        return self.nft.run(commands) if self.nft is not None and commands else ""

    def is_present(self) -> bool:
        """Whether the table is there with its rules, or is not meant to be."""
        try:
            chain = self._run(f"list chain inet {self.name} forward")
        except Internal:
            return False
        return self.nft is None or ruleset.LAST_JUMP in chain

    def forget_admissions(self) -> None:
        """The host's own rules have changed: ask them again."""
        if self.wanted.guarded:
            self._change(ruleset.forgotten_admissions(self.name))

    def add_zone(self, zone: Zone) -> bool:
        """Make it known; whether anything has changed by it."""
        if self._zones.get(zone.bridge) == zone:
            return False
        self.remove_zone(zone.bridge)
        self._change(ruleset.change("add", self.name, ruleset.zone_elements(zone)))
        self._zones[zone.bridge] = zone
        return True

    def remove_zone(self, bridge: str) -> None:
        zone = self._zones.pop(bridge, None)
        if zone is not None:
            self._change(ruleset.change("delete", self.name, ruleset.zone_elements(zone)))

    def link(self, wanted: frozenset[Link]) -> None:
        """Have *wanted* and no other links."""
        gone = map(ruleset.link_element, self._links - wanted)
        new = map(ruleset.link_element, wanted - self._links)
        commands = ruleset.change("delete", self.name, gone)
        self._change(commands + ruleset.change("add", self.name, new))
        self._links = wanted

    def leaves_to_proxy(self, row: Publication) -> bool:
        """Whether some of what is published there takes a process."""
        return row.proxied or not (row.direct or row.host.version in self.wanted.versions)

    def publish(self, rows: Iterable[Publication], before: Iterable[Publication] = ()) -> None:
        """All of *rows* instead of those *before*, or no change."""
        present = self._publications.difference(before)
        present.update(row for row in rows if self._is_ours(row))
        self._replace(present)

    def withdraw(self, rows: Iterable[Publication]) -> None:
        """Those of *rows* that are published."""
        self._replace(self._publications.difference(rows))

    def _replace(self, wanted: set[Publication]) -> None:
        """Have *wanted* published and nothing else, in one transaction."""
        old, new = self._publications - wanted, wanted - self._publications
        guarded = self._guarded + Counter(self._guards(new)) - Counter(self._guards(old))
        gone = [each for row in old for each in ruleset.publication_elements(row)]
        gone += [port for port in self._guarded if port not in guarded]
        commands = ruleset.change("delete", self.name, gone)
        commands += "".join(ruleset.publishing(self.name, row) for row in new)
        fresh = [port for port in guarded if port not in self._guarded]
        self._change(commands + ruleset.change("add", self.name, fresh))
        self._publications, self._guarded = wanted, guarded

    def _is_ours(self, row: Publication) -> bool:
        return (row.direct or row.translated) and row.host.version in self.wanted.versions

    def _guards(self, rows: Iterable[Publication]) -> list[Element]:
        if not self.wanted.guarded:
            return []
        return [ruleset.guarded_element(row) for row in rows if not row.direct]

    def remove(self) -> None:
        """Take the table away; nothing may be asked of this object afterwards."""
        self._run(ruleset.removal(self.name))

    def close(self) -> None:
        """Let go of the handle; the rules stay, as containers do."""
        if self.nft is not None:
            self.nft.close()
