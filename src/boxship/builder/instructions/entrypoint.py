"""ENTRYPOINT: the program that a container's command is handed to."""

from dataclasses import dataclass
from typing import ClassVar

from boxship.base.go_text import quote_list
from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.instructions.instruction import Command
from boxship.builder.stage import Effect, Stage


@dataclass(frozen=True, slots=True)
class Entrypoint:
    KEYWORD: ClassVar[str] = "ENTRYPOINT"
    line: Line
    command: Command

    @classmethod
    def parse(cls, line: Line) -> "Entrypoint":
        instruction.flags(line)
        return cls(line, instruction.command(line))

    def apply(self, stage: Stage) -> Effect:
        argv = self.command.argv(stage) if self.command.words else []
        stage.config["Entrypoint"] = argv or None
        if not stage.cmd_is_set:
            stage.config["Cmd"] = None  # made for another entry point
        return Effect(stage.nop(f"ENTRYPOINT {quote_list(argv)}"))
