"""LABEL: words about the image."""

from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.instructions.instruction import Pairs
from boxship.builder.stage import Effect, Stage


@dataclass(frozen=True, slots=True)
class Label:
    KEYWORD: ClassVar[str] = "LABEL"
    line: Line
    pairs: Pairs

    @classmethod
    def parse(cls, line: Line) -> "Label":
        instruction.flags(line)
        return cls(line, instruction.pairs(line))

    def apply(self, stage: Stage) -> Effect:
        found = instruction.expanded_pairs(stage, self.line, self.pairs)
        stage.config["Labels"] = {**(stage.config.get("Labels") or {}), **dict(found)}
        return Effect(instruction.note_of_pairs(stage, "LABEL", found))
