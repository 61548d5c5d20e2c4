"""HEALTHCHECK: how to see whether a container works."""

from dataclasses import dataclass
from typing import Any, ClassVar

from boxship.base.errors import InvalidParameter
from boxship.base.go_text import quote, quote_character, quote_list
from boxship.base.times import go_duration
from boxship.builder.dockerfile.lines import Line
from boxship.builder.stage import Effect, Stage
from boxship.images.health import parse_healthcheck

_DURATIONS = ("Interval", "Timeout", "StartPeriod", "StartInterval")


@dataclass(frozen=True, slots=True)
class Healthcheck:
    KEYWORD: ClassVar[str] = "HEALTHCHECK"
    line: Line
    health: dict[str, Any]

    @classmethod
    def parse(cls, line: Line) -> "Healthcheck":
        if not line.rest:
            raise line.fail("HEALTHCHECK requires at least one argument")
        text = " ".join([*(str(flag) for flag in line.flags), line.rest])
        try:
            return cls(line, parse_healthcheck(text))
        except InvalidParameter as error:
            raise line.fail(str(error)) from None

    def apply(self, stage: Stage) -> Effect:
        stage.config["Healthcheck"] = dict(self.health)
        return Effect(stage.nop(f"HEALTHCHECK {self._shown}"))

    @property
    def _shown(self) -> str:
        """As Go prints a pointer to the structure."""
        parts = [
            quote_list(self.health["Test"]),
            *(quote(go_duration(self.health.get(name, 0))) for name in _DURATIONS),
            quote_character(self.health.get("Retries", 0)),
        ]
        return f"&{{{' '.join(parts)}}}"
