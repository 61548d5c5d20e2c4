"""FROM: what a stage starts with. The plan and the solver deal with it; here it is only read."""

import re
from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.note import Note
from boxship.builder.stage import Effect, Stage

_NAME = re.compile(r"[a-z][a-z0-9-_.]*\Z")
RESERVED = ("context", "scratch")


@dataclass(frozen=True, slots=True)
class From:
    """*base* as written; *name* of the stage in lower case, or empty."""

    KEYWORD: ClassVar[str] = "FROM"
    line: Line
    base: str
    name: str
    platform: str

    @classmethod
    def parse(cls, line: Line) -> "From":
        found = instruction.flags(line, {"platform": "text"})
        words = line.rest.split()
        name = ""
        if len(words) == 3 and words[1].lower() == "as":
            name = words[2].lower()
            if not _NAME.match(name):
                raise line.fail(
                    f'invalid name for build stage: "{words[2]}", name can\'t start with a number '
                    "or contain symbols",
                    words[2],
                )
        elif len(words) != 1:
            raise line.fail("FROM requires either one or three arguments", line.rest)
        return cls(line, words[0], name, found.text("platform"))

    def apply(self, stage: Stage) -> Effect:
        return Effect(Note("", ""))
