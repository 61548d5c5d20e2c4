"""VOLUME: directories whose content belongs to containers, not to the image."""

from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.stage import Effect, Stage


@dataclass(frozen=True, slots=True)
class Volume:
    KEYWORD: ClassVar[str] = "VOLUME"
    line: Line
    words: tuple[str, ...]

    @classmethod
    def parse(cls, line: Line) -> "Volume":
        instruction.flags(line)
        instruction.at_least_one(line)
        words = tuple(word.strip() for word in instruction.words_or_json(line))
        if "" in words:
            raise line.fail("VOLUME specified can not be an empty string")
        return cls(line, words)

    def apply(self, stage: Stage) -> Effect:
        expand = stage.expander(self.line)
        paths = [expand(word) for word in self.words]
        if "" in paths:
            raise self.line.fail("VOLUME specified can not be an empty string")
        volumes = {**(stage.config.get("Volumes") or {}), **{path: {} for path in paths}}
        stage.config["Volumes"] = volumes
        return Effect(stage.nop(f"VOLUME [{' '.join(paths)}]"))
