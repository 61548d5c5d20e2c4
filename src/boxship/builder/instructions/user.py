"""USER: as whom the steps that follow, and containers, run."""

from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.stage import Effect, Stage


@dataclass(frozen=True, slots=True)
class User:
    KEYWORD: ClassVar[str] = "USER"
    line: Line
    name: str

    @classmethod
    def parse(cls, line: Line) -> "User":
        instruction.flags(line)
        return cls(line, instruction.exactly_one(line))

    def apply(self, stage: Stage) -> Effect:
        stage.config["User"] = user = stage.expand(self.line, self.name)
        return Effect(stage.nop(f"USER {user}"))
