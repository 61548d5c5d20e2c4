"""SHELL: what the shell form of the instructions that follow is handed to."""

from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.stage import Effect, Stage


@dataclass(frozen=True, slots=True)
class Shell:
    KEYWORD: ClassVar[str] = "SHELL"
    line: Line
    words: tuple[str, ...]

    @classmethod
    def parse(cls, line: Line) -> "Shell":
        instruction.flags(line)
        instruction.at_least_one(line)
        words = instruction.json_list(line)
        if words is None:
            raise line.fail("SHELL requires the arguments to be in JSON form", line.rest)
        if not words:
            raise line.fail("SHELL requires at least one argument")
        return cls(line, tuple(words))

    def apply(self, stage: Stage) -> Effect:
        stage.config["Shell"] = [*self.words]
        return Effect(stage.nop(f"SHELL [{' '.join(self.words)}]"))
