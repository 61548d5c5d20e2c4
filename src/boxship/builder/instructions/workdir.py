"""WORKDIR: the working directory, made when it is missing."""

import posixpath
from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.note import Note
from boxship.builder.stage import Effect, Stage, cleaned
from boxship.builder.work import Files, MakeDirectory


@dataclass(frozen=True, slots=True)
class Workdir:
    KEYWORD: ClassVar[str] = "WORKDIR"
    line: Line
    path: str

    @classmethod
    def parse(cls, line: Line) -> "Workdir":
        instruction.flags(line)
        return cls(line, instruction.exactly_one(line))

    def apply(self, stage: Stage) -> Effect:
        path = stage.expand(self.line, self.path)
        whole = cleaned(posixpath.join("/", stage.directory, path))
        shown = path if path.startswith("/") else whole
        stage.config["WorkingDir"] = shown if stage.keeps_paths else whole
        work = Files((MakeDirectory(whole, stage.user),))
        return Effect(Note(stage.classic_words(f"WORKDIR {whole}"), f"WORKDIR {shown}"), work)
