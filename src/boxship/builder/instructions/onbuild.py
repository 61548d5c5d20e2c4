"""ONBUILD: an instruction for those who build on top of the image."""

from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.lines import Line, parse_line
from boxship.builder.instructions import instruction
from boxship.builder.stage import Effect, Stage

_FORBIDDEN = ("FROM", "MAINTAINER")


@dataclass(frozen=True, slots=True)
class Onbuild:
    KEYWORD: ClassVar[str] = "ONBUILD"
    line: Line
    trigger: str

    @classmethod
    def parse(cls, line: Line) -> "Onbuild":
        instruction.flags(line)
        instruction.at_least_one(line)
        trigger = line.rest + "".join(f"\n{each.raw}{each.name}" for each in line.heredocs)
        check_trigger(line, parse_line(trigger, line.first, line.escape).keyword)
        return cls(line, trigger)

    def apply(self, stage: Stage) -> Effect:
        stage.config["OnBuild"] = [*(stage.config.get("OnBuild") or []), self.trigger]
        # BuildKit does not tell of it.
        return Effect(stage.nop(f"ONBUILD {self.trigger}", ""))


def check_trigger(line: Line, keyword: str) -> None:
    """:class:`DockerfileError` at *line* when no trigger may begin with *keyword*: images that
    others made say what they like."""
    if keyword == "ONBUILD":
        raise line.fail("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", line.rest)
    if keyword in _FORBIDDEN:
        raise line.fail(f"{keyword} isn't allowed as an ONBUILD trigger", line.rest)
