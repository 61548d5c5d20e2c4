"""VOLUME: directories whose content belongs to containers, not to the image."""

from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.stage import Effect, Stage
from boxship.images.words import as_json_list


@dataclass(frozen=True, slots=True)
class Volume:
    KEYWORD: ClassVar[str] = "VOLUME"
    line: Line

    @classmethod
    def parse(cls, line: Line) -> "Volume":
        instruction.flags(line)
        instruction.at_least_one(line)
        return cls(line)

    def apply(self, stage: Stage) -> Effect:
        listed = as_json_list(self.line.rest)
        if listed is None:
            paths = stage.expand_words(self.line, self.line.rest)
        else:
            expand = stage.expander(self.line)
            paths = [expand(path) for path in listed]
        volumes = dict(stage.config.get("Volumes") or {})
        for path in paths:
            if not path.strip():
                raise self.line.fail("VOLUME specified can not be an empty string")
            volumes[path.strip()] = {}
        stage.config["Volumes"] = volumes
        return Effect(stage.nop(f"VOLUME [{' '.join(paths)}]"))
