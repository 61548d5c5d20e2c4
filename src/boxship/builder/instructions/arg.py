"""ARG: a variable of the build, which the image does not keep."""

from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.expand import split_words
from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.stage import Arguments, Effect, Stage

_MOST = 1000
# Of one stage: the history has them all, for each RUN.
_MOST_OF_ALL = 10_000


@dataclass(frozen=True, slots=True)
class Arg:
    """Names with defaults as written, None without one."""

    KEYWORD: ClassVar[str] = "ARG"
    line: Line
    entries: tuple[tuple[str, str | None], ...]

    @classmethod
    def parse(cls, line: Line) -> "Arg":
        instruction.flags(line)
        entries = []
        for word in split_words(instruction.at_least_one(line), line.escape):
            name, equals, default = word.partition("=")
            if not name:
                raise line.fail("ARG names can not be blank", word)
            entries.append((name, default if equals else None))
        if len(entries) > _MOST:
            raise line.fail(f"ARG with more than {_MOST} names")
        return cls(line, tuple(entries))

    def apply(self, stage: Stage) -> Effect:
        shown = []
        for name, text in self.entries:
            # The default of one that is given may be anything.
            is_given = text is None or name in stage.arguments.given
            default = text if text is None or is_given else stage.expand(self.line, text)
            stage.args[name] = stage.arguments.value(name, default)
            shown.append(name if default is None else f"{name}={default}")
            stage.declared.append(name)
        if len(stage.declared) > _MOST_OF_ALL:
            raise self.line.fail(f"more than {_MOST_OF_ALL} names in the ARGs of a stage")
        return Effect(stage.nop(f"ARG {' '.join(shown)}"))

    def declare(self, arguments: Arguments) -> None:
        """As :meth:`apply`, before the first FROM."""
        for name, text in self.entries:
            default = None
            if text is not None and name not in arguments.given:
                seen = {k: v for k, v in arguments.declared.items() if v is not None}
                scope = Stage(arguments=arguments, args={**arguments.platform, **seen})
                scope.escape = self.line.escape
                default = scope.expand(self.line, text)
            arguments.declared[name] = arguments.value(name, default, top=True)
