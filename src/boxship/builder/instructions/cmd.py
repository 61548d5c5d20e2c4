"""CMD: what a container runs unless it is told otherwise."""

from dataclasses import dataclass
from typing import ClassVar

from boxship.base.go_text import quote_list
from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.instructions.instruction import Command
from boxship.builder.stage import Effect, Stage


@dataclass(frozen=True, slots=True)
class Cmd:
    KEYWORD: ClassVar[str] = "CMD"
    line: Line
    command: Command

    @classmethod
    def parse(cls, line: Line) -> "Cmd":
        instruction.flags(line)
        return cls(line, instruction.command(line))

    def apply(self, stage: Stage) -> Effect:
        argv = self.command.argv(stage)
        stage.config["Cmd"] = argv
        stage.cmd_is_set = True
        return Effect(stage.nop(f"CMD {quote_list(argv)}"))
