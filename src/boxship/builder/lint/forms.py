"""Rules about how a file is written, whatever it means."""

from collections.abc import Iterable, Iterator

from boxship.builder.dockerfile.expand import split_words
from boxship.builder.dockerfile.lines import Dockerfile, Line
from boxship.builder.instructions.arg import Arg
from boxship.builder.instructions.from_ import RESERVED, From
from boxship.builder.instructions.instruction import Instruction
from boxship.builder.lint import rule
from boxship.builder.lint.options import check_in
from boxship.builder.lint.rule import Finding, found

_AS = 1  # place of the word in FROM base AS name
_NAMED = 3


def check_file(dockerfile: Dockerfile) -> Iterator[Finding]:
    for number in dockerfile.empty_continuations:
        yield Finding(rule.NO_EMPTY_CONTINUATION, "Empty continuation line", number, number)
    yield from _casing(dockerfile.lines)
    for line in dockerfile.lines:
        if line.keyword == "MAINTAINER":
            yield found(
                rule.MAINTAINER_DEPRECATED,
                line,
                "Maintainer instruction is deprecated in favor of using label",
            )
        elif line.keyword in ("ENV", "LABEL"):
            yield from _legacy(line)


def check_stage_names(starts: Iterable[From]) -> Iterator[Finding]:
    seen = set[str]()
    for start in starts:
        words = start.line.rest.split()
        if len(words) != _NAMED:
            continue
        yield from _as_casing(start.line, words[_AS])
        written = words[-1]
        if written != written.lower():
            message = f"Stage name '{written}' should be lowercase"
            yield found(rule.STAGE_NAME_CASING, start.line, message)
        if start.name in RESERVED:
            message = f'Stage name should not use the same name as reserved stage "{start.name}"'
            yield found(rule.RESERVED_STAGE_NAME, start.line, message)
        if start.name in seen:
            message = f'Duplicate stage name "{start.name}", stage names should be unique'
            yield found(rule.DUPLICATE_STAGE_NAME, start.line, message)
        seen.add(start.name)


def check_descriptions(steps: Iterable[Instruction]) -> Iterator[Finding]:
    """Comments right above a stage or an argument describe it."""
    for step in steps:
        names: list[str] = []
        if isinstance(step, Arg):
            names = [name for name, _ in step.entries]
        elif isinstance(step, From) and step.name:
            names = [step.name]
        comments = [text for text in step.line.comments if check_in(text) is None]
        if not names or not comments or comments[-1].split(" ")[0] in names:
            continue
        name = names[0] if len(names) == 1 else "<arg_key>"
        message = f"Comment for {step.KEYWORD} should follow the format: `# {name} <description>`"
        yield found(rule.INVALID_DEFINITION_DESCRIPTION, step.line, message)


def _word(line: Line) -> str:
    """The instruction as it is written."""
    return line.text.split(None, 1)[0]


def _casing(lines: Iterable[Line]) -> Iterator[Finding]:
    words = [(line, _word(line)) for line in lines]
    lower = sum(word == word.lower() for _, word in words)
    upper = sum(word == word.upper() for _, word in words)
    case = "lowercase" if lower > upper else "uppercase"
    for line, word in words:
        right = word.lower() if lower > upper else word.upper()
        if word != right:
            message = f"Command '{word}' should match the case of the command majority ({case})"
            yield found(rule.CONSISTENT_INSTRUCTION_CASING, line, message)


def _as_casing(line: Line, word: str) -> Iterator[Finding]:
    start = _word(line)
    if start in (start.lower(), start.upper()):
        right = word.lower() if start == start.lower() else word.upper()
        if word != right:
            message = f"'{word}' and '{start}' keywords' casing do not match"
            yield found(rule.FROM_AS_CASING, line, message)


def _legacy(line: Line) -> Iterator[Finding]:
    words = split_words(line.rest, line.escape)
    if words and "=" not in words[0]:
        name = line.keyword
        message = f'"{name} key=value" should be used instead of legacy "{name} key value" format'
        yield found(rule.LEGACY_KEY_VALUE_FORMAT, line, message)
