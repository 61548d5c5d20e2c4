"""ENV: variables of the image and of the steps that follow."""

from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.instructions.instruction import Pairs
from boxship.builder.stage import Effect, Stage

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Env:
    KEYWORD: ClassVar[str] = "ENV"
    line: Line
    pairs: Pairs

    @classmethod
    def parse(cls, line: Line) -> "Env":
        instruction.flags(line)
        return cls(line, instruction.pairs(line))

    def apply(self, stage: Stage) -> Effect:
        found = instruction.expanded_pairs(stage, self.line, self.pairs)
        pairs = dict(found)
        if "" in pairs:
            raise self.line.fail("ENV names can not be blank")
        stage.set_env(pairs)
        if len(stage.config["Env"]) > _MOST:
            raise self.line.fail(f"more than {_MOST} variables")
        return Effect(instruction.note_of_pairs(stage, "ENV", found))
