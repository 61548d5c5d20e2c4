"""MAINTAINER: the author; long deprecated, and still read."""

from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.stage import Effect, Stage


@dataclass(frozen=True, slots=True)
class Maintainer:
    KEYWORD: ClassVar[str] = "MAINTAINER"
    line: Line
    name: str

    @classmethod
    def parse(cls, line: Line) -> "Maintainer":
        instruction.flags(line)
        return cls(line, instruction.exactly_one(line))

    def apply(self, stage: Stage) -> Effect:
        stage.author = self.name
        return Effect(stage.nop(f"MAINTAINER {self.name}"))
