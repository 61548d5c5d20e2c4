"""What all instructions share: their shape, and the small parsers of arguments."""

import json
from dataclasses import dataclass
from typing import ClassVar, Protocol

from boxship.base.errors import InvalidParameter
from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.expand import split_words
from boxship.builder.dockerfile.flags import FlagSet, read_flags
from boxship.builder.dockerfile.lines import Line
from boxship.builder.note import Note
from boxship.builder.stage import Effect, Stage
from boxship.images.words import as_json_list

Pairs = tuple[tuple[str, str], ...]


class Instruction(Protocol):
    """Parsed from a line without knowing anything else; applied to a stage in order."""

    KEYWORD: ClassVar[str]

    @property
    def line(self) -> Line:
        """Where it stands."""

    def apply(self, stage: Stage) -> Effect:
        """Change the stage's configuration; say what has to be done to its files."""


@dataclass(frozen=True, slots=True)
class Command:
    """Arguments in exec form (a JSON list) or shell form (one text)."""

    words: tuple[str, ...]
    is_shell: bool

    def argv(self, stage: Stage) -> list[str]:
        return [*stage.shell, *self.words] if self.is_shell else [*self.words]


def json_list(line: Line) -> list[str] | None:
    """The exec form of the line's arguments, None when there is none."""
    try:
        return as_json_list(line.rest)
    except InvalidParameter as error:
        raise line.fail(str(error), line.rest) from None


def command(line: Line) -> Command:
    words = json_list(line)
    return Command((line.rest,), True) if words is None else Command(tuple(words), False)


def flags(line: Line, known: dict[str, str] | None = None) -> FlagSet:
    """The line's flags; :class:`DockerfileError` for one that the instruction does not have."""
    try:
        return read_flags(line.flags, known or {})
    except DockerfileError as error:
        raise error.at(line.first, line.prefix) from None


def at_least_one(line: Line) -> str:
    if not line.rest:
        raise line.fail(f"{line.keyword} requires at least one argument")
    return line.rest


def exactly_one(line: Line) -> str:
    if not line.rest:
        raise line.fail(f"{line.keyword} requires exactly one argument")
    return line.rest


def pairs(line: Line) -> Pairs:
    """``key=value …`` or, the old form, ``key value``; quotes and variables are still in place."""
    words = split_words(at_least_one(line), line.escape)
    if "=" not in words[0]:
        parts = line.rest.split(None, 1)
        if len(parts) < 2:
            raise line.fail(f"{line.keyword} must have two arguments", parts[0])
        return ((parts[0], parts[1]),)
    found = []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise line.fail(
                f"Syntax error - can't find = in {json.dumps(word)}. Must be of the form: "
                "name=value",
                word,
            )
        if not key:
            raise line.fail(f"{line.keyword} names can not be blank", word)
        found.append((key, value))
    return tuple(found)


def words_or_json(line: Line) -> list[str]:
    """Arguments as a JSON list, or between blanks, which quotes do not hide; variables are still
    in place."""
    listed = json_list(line)
    return listed if listed is not None else line.rest.split()


def expanded_pairs(stage: Stage, line: Line, found: Pairs) -> Pairs:
    """All against the variables from before the instruction."""
    expand = stage.expander(line)
    return tuple((expand(key), expand(value)) for key, value in found)


def note_of_pairs(stage: Stage, keyword: str, found: Pairs) -> Note:
    """What ENV and LABEL say in the history: all that they do, repeated or not."""
    return stage.nop(" ".join([keyword, *(f"{name}={value}" for name, value in found)]))
