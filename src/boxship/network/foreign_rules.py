"""One rule of ours in each firewall of others that would drop what we forward.

An accept in our own table cannot undo a drop in another. So our packets carry a mark, and the rule
that lets marked ones pass is put where the other program documents that others' rules may be. Each
is written down before it is made, so that it is found again and taken away.
"""

import contextlib
import json
import logging
import os
import shlex
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
        self._made = self._read()
        #: What is known to be in place since the last survey, bridges in firewalld's zone too.
        self._placed: set[Point] = set()
        self._bridges: set[str] = set()
        self._complained: set[str] = set()
        self.found = Surroundings()

    def survey(self) -> None:
        """See what there is now; to be called whenever somebody has changed it."""
        chains = surroundings.parse_chains(self._nft.run("list chains"))
        asked = [
            each
            for hook in ("forward", "input")
            for each in surroundings.filters(chains, hook)
            if each.policy == "accept"
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
        wanted = self.found.points if bridges else ()
        for obstacle in self.found.obstacles:
            self._complain(obstacle)
        for point in [each for each in self._made if each not in wanted]:
            self._remove(point)
        for point in wanted:
            if point == FIREWALLD:
                self._bind(bridges)
            elif point not in self._placed and not self._has(point):
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
        return _iptables(point, "-C", point.chain, *self._rule()) is not None

    def _add(self, point: Point) -> None:
        self._write([*self._made, point] if point not in self._made else self._made)
        listed = (_iptables(point, "-S", point.chain) or "").splitlines()
        rules = [line for line in listed if line.startswith("-A ")]
        place = _position(rules, point.chain)
        if _iptables(point, "-I", point.chain, str(place), *self._rule()) is None:
            _log.warning("no rule could be added to chain %s of %s", point.chain, point.tool)
        else:
            _log.info("added a rule to chain %s of %s", point.chain, point.tool)

    def _remove(self, point: Point) -> None:
        if point == FIREWALLD:
            for bridge in [*self._bridges]:
                _run(["firewall-cmd", _ZONE, f"--remove-interface={bridge}"])
            self._bridges.clear()
        else:
            self._placed.discard(point)
            while _iptables(point, "-D", point.chain, *self._rule()) is not None:
                pass
        self._write([each for each in self._made if each != point])

    def _bind(self, bridges: Collection[str]) -> None:
        """Their zone trusts them; firewalld forgets it when it is reloaded."""
        self._write([*self._made, FIREWALLD] if FIREWALLD not in self._made else self._made)
        known = self._bridges if FIREWALLD in self._placed else set()
        for bridge in [each for each in bridges if each not in known]:
            if _run(["firewall-cmd", _ZONE, f"--query-interface={bridge}"]) is None:
                _run(["firewall-cmd", _ZONE, f"--change-interface={bridge}"])
        self._bridges = set(bridges)

    def _read(self) -> list[Point]:
        try:
            rows = json.loads(self._file.read_text()) if self._file else []
            return [Point(*row) for row in rows]
        except (OSError, ValueError, TypeError):
            return []

    def _write(self, points: Sequence[Point]) -> None:
        self._made = [*points]
        if self._file is None:
            return
        rows = [[each.tool, each.family, each.chain] for each in points]
        temporary = self._file.with_suffix(".new")
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps(rows))
            os.rename(temporary, self._file)


def _position(rules: Sequence[str], chain: str) -> int:
    """After the rules of the user's, before the one that leaves the chain."""
    for number, rule in enumerate(rules, 1):
        if shlex.split(rule) == ["-A", chain, "-j", "RETURN"]:
            return number
    return len(rules) + 1


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
