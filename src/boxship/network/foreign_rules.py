"""One rule of ours in each firewall of others that would drop what we forward.

An accept in our own table cannot undo a drop in another. So our packets carry a mark, and the rule
that lets marked ones pass is put where the other program documents that others' rules may be. Each
is written down before it is made, so that it is found again and taken away.
"""

import contextlib
import json
import logging
import os
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path

from boxship.base.errors import BoxshipError
from boxship.kernel.nft import Nft
from boxship.network import surroundings
from boxship.network.ruleset import MARK
from boxship.network.surroundings import FIREWALLD, Point, Surroundings

_log = logging.getLogger(__name__)
_PROGRAMS = {"ip": "iptables", "ip6": "ip6tables"}
_ZONE = "--zone=trusted"
# Seconds: how long others may hold the lock of iptables.
_WAIT, _LIMIT = "5", 20


class ForeignRules:
    """Belongs to one thread. *file*: where the rules are written down; *owner*: whose they are."""

    def __init__(self, nft: Nft, owner: str, file: Path | None) -> None:
        self._nft = nft
        self._comment = owner
        self._file = file
        self._made = read_points(file) if file else []
        #: What is known to be in place since the last survey.
        self._placed: set[Point] = set()
        self._complained: set[str] = set()
        self.found = Surroundings()

    def survey(self) -> None:
        """See what there is now; to be called whenever somebody has changed it."""
        chains = surroundings.parse_chains(self._nft.run("list chains"))
        asked = [
            each
            for hook in ("forward", "input")
            for each in surroundings.filters(chains, hook)
            if each.policy == "accept" and each.can_be_named
        ]
        refusing = [each for each in asked if self._refuses(each.place)]
        self.found = surroundings.survey(chains, refusing)
        self._placed.clear()

    def _refuses(self, place: str) -> bool:
        try:
            return surroundings.ends_in_refusal(self._nft.run(f"list chain {place}"))
        except BoxshipError:
            # It may just have gone.
            return False

    def settle(self, bridges: Collection[str]) -> None:
        """Have the rules that *bridges* need by the last survey, and no others."""
        points = self.found.points if bridges else ()
        wanted = [each for point in points for each in _for_each(point, bridges)]
        for obstacle in self.found.obstacles:
            self._complain(obstacle)
        for point in [each for each in self._made if each not in wanted]:
            self._remove(point)
        for point in wanted:
            if point not in self._placed and not self._has(point):
                self._add(point)
            self._placed.add(point)

    def _complain(self, obstacle: str) -> None:
        if obstacle not in self._complained:
            self._complained.add(obstacle)
            _log.warning(
                "the chain %s drops forwarded packets: let those with mark %#x pass there",
                obstacle,
                MARK,
            )

    def _rule(self) -> list[str]:
        mark = f"{MARK:#x}/{MARK:#x}"
        return [
            *("-m", "mark", "--mark", mark),
            *("-m", "comment", "--comment", self._comment),
            *("-j", "ACCEPT"),
        ]

    def _has(self, point: Point) -> bool:
        if point.tool == FIREWALLD.tool:
            return _firewalld("query", point) is not None
        return _iptables(point, "-C", point.chain, *self._rule()) is not None

    def _add(self, point: Point) -> None:
        if point not in self._made:
            self._write([*self._made, point])
        if point.tool == FIREWALLD.tool:
            # Fails for one that its user has put in another zone: it stays there.
            done = _firewalld("add", point)
        else:
            listed = (_iptables(point, "-S", point.chain) or "").splitlines()
            place = _position([line for line in listed if line.startswith("-A ")], point.chain)
            done = _iptables(point, "-I", point.chain, str(place), *self._rule())
        if done is None:
            _log.warning("no rule could be added to %s of %s", point.chain, point.tool)
        else:
            _log.info("added a rule to %s of %s", point.chain, point.tool)

    def _remove(self, point: Point) -> None:
        self._placed.discard(point)
        if point.tool == FIREWALLD.tool:
            _firewalld("remove", point)
        else:
            while _iptables(point, "-D", point.chain, *self._rule()) is not None:
                pass
        self._write([each for each in self._made if each != point])

    def _write(self, points: Sequence[Point]) -> None:
        self._made = [*points]
        if self._file is None:
            return
        rows = [[each.tool, each.family, each.chain] for each in points]
        temporary = self._file.with_suffix(".new")
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps(rows))
            os.rename(temporary, self._file)


def read_points(file: Path) -> list[Point]:
    """What has been written down there; nothing that is none of the places that we know."""
    try:
        points = [Point(*row) for row in json.loads(file.read_text())]
    except (OSError, ValueError, TypeError):
        return []
    return [each for each in points if surroundings.is_known(each)]


def _position(rules: Sequence[str], chain: str) -> int:
    """After the rules of the user's, before the one that leaves the chain."""
    for number, rule in enumerate(rules, 1):
        if rule.split() == ["-A", chain, "-j", "RETURN"]:
            return number
    return len(rules) + 1


def _for_each(point: Point, bridges: Collection[str]) -> list[Point]:
    """firewalld has its interfaces one by one, in a zone that trusts them until it is reloaded."""
    return [Point(point.tool, chain=each) for each in bridges] if point == FIREWALLD else [point]


def _firewalld(action: str, point: Point) -> str | None:
    return _run(["firewall-cmd", _ZONE, f"--{action}-interface={point.chain}"])


def _iptables(point: Point, *arguments: str) -> str | None:
    return _run([_PROGRAMS[point.family], "-w", _WAIT, *arguments])


def _run(command: Sequence[str]) -> str | None:
    """What the program prints; None if it fails or is not there."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
