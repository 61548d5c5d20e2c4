"""STOPSIGNAL: how containers are asked to end."""

import re
import signal
from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.stage import Effect, Stage

_REAL_TIME = re.compile(r"RTM(IN(\+\d{1,2})?|AX(-\d{1,2})?)\Z", re.ASCII)
_LAST = 64


@dataclass(frozen=True, slots=True)
class Stopsignal:
    KEYWORD: ClassVar[str] = "STOPSIGNAL"
    line: Line
    name: str

    @classmethod
    def parse(cls, line: Line) -> "Stopsignal":
        instruction.flags(line)
        return cls(line, instruction.exactly_one(line))

    def apply(self, stage: Stage) -> Effect:
        name = stage.expand(self.line, self.name)
        if not _is_signal(name):
            raise self.line.fail(f"invalid signal: {name}", self.name)
        stage.config["StopSignal"] = name
        return Effect(stage.nop(f"STOPSIGNAL {name}"))


def _is_signal(text: str) -> bool:
    """A number or a name, with or without SIG (signal(7))."""
    if text.isascii() and text.isdigit():
        return 1 <= int(text[:4]) <= _LAST
    name = text.upper().removeprefix("SIG")
    known = f"SIG{name}" in signal.Signals.__members__
    return known or _REAL_TIME.match(name) is not None
