"""EXPOSE: ports that the image's program listens on."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.stage import Effect, Stage

_PORT = re.compile(r"(\d+)(?:-(\d+))?(?:/(\w+))?\Z", re.ASCII)
_PROTOCOLS = ("tcp", "udp", "sctp")
# Every one there is, of each protocol.
_MOST = 3 * 65535


@dataclass(frozen=True, slots=True)
class Expose:
    KEYWORD: ClassVar[str] = "EXPOSE"
    line: Line

    @classmethod
    def parse(cls, line: Line) -> "Expose":
        instruction.flags(line)
        instruction.at_least_one(line)
        return cls(line)

    def apply(self, stage: Stage) -> Effect:
        words = stage.expand_words(self.line, self.line.rest)
        ports: dict[str, Any] = {}
        count = 0
        for word in words:
            named = self._ports(word)
            count += len(named)
            if count > _MOST:
                raise self.line.fail(f"more than {_MOST} ports", word)
            ports |= {port: {} for port in named}
        stage.config["ExposedPorts"] = {**(stage.config.get("ExposedPorts") or {}), **ports}
        shown = ":{} ".join([*sorted(ports), ""]).rstrip()
        return Effect(stage.nop(f"EXPOSE {' '.join(sorted(words))}", f"EXPOSE map[{shown}]"))

    def _ports(self, word: str) -> list[str]:
        # Docker takes what publishes a port too, and forgets the host's side of it.
        match = _PORT.match(word.rpartition(":")[2])
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if match is None or not low <= high <= 65535:
            raise self.line.fail(f"Invalid containerPort: {word.partition('/')[0]}", word)
        protocol = (match[3] or "tcp").lower()
        if protocol not in _PROTOCOLS:
            raise self.line.fail(f"Invalid proto: {protocol}", word)
        return [f"{port}/{protocol}" for port in range(low, high + 1)]
