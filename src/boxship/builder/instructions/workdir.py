"""WORKDIR: the working directory, made when it is missing."""

import posixpath
from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.note import Note
from boxship.builder.stage import Effect, Stage
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
        whole = posixpath.normpath(posixpath.join("/", stage.directory, path))
        stage.config["WorkingDir"] = whole = "/" + whole.lstrip("/")
        work = Files((MakeDirectory(whole, stage.user),))
        shown = path if path.startswith("/") else whole
        return Effect(Note(stage.classic_words(f"WORKDIR {whole}"), f"WORKDIR {shown}"), work)
