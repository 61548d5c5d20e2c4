"""A Dockerfile as a graph of stages: which are needed, and what each waits for. Pure."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from boxship.base.errors import InvalidParameter
from boxship.builder import instructions
from boxship.builder.dockerfile.errors import DockerfileError, suggest
from boxship.builder.dockerfile.lines import Dockerfile, Line, parse_line
from boxship.builder.instructions.arg import Arg
from boxship.builder.instructions.copy import CopyInstruction
from boxship.builder.instructions.from_ import From
from boxship.builder.instructions.instruction import Instruction
from boxship.builder.instructions.onbuild import check_trigger
from boxship.builder.instructions.run import RunInstruction
from boxship.builder.stage import Arguments, Stage
from boxship.builder.work import Origin
from boxship.images import platform as platforms
from boxship.images import reference as references

SCRATCH = "scratch"
# Each leads to an image whose history has all before it.
_MOST_STEPS = 5000
_OWN_SYNTAX = re.compile(
    r"(?:docker(?:\.io|-image://docker\.io)?/)?docker/dockerfile(?:-upstream)?(?:[:@]\S+)?\Z|"
    r"dockerfile\.v0\Z"
)


@dataclass(slots=True)
class PlannedStage:
    """*base*: the stage that it begins with (a number), or a reference in *image*, or neither for
    scratch; *needs*: numbers of the stages that have to be there first.
    """

    number: int
    start: From
    base: int | None
    image: str
    platform: str
    steps: list[Instruction] = field(default_factory=list)
    needs: set[int] = field(default_factory=set)

    @property
    def title(self) -> str:
        return self.start.name or str(self.number)


@dataclass(slots=True)
class Plan:
    """*needed* are stages in the order of the file; *arguments* what precedes the first FROM;
    *named*: what the client lets names of images stand for.
    """

    dockerfile: Dockerfile
    globals: list[Arg]
    stages: list[PlannedStage]
    target: int
    arguments: Arguments
    named: dict[str, Origin] = field(default_factory=dict)

    @property
    def needed(self) -> list[PlannedStage]:
        wanted, todo = set[int](), [self.target]
        while todo:
            number = todo.pop()
            if number not in wanted:
                wanted.add(number)
                todo += self.stages[number].needs
        return [self.stages[number] for number in sorted(wanted)]

    @property
    def lineage(self) -> set[int]:
        """The target and the stages that it is made on top of, by number."""
        found = {self.target}
        base = self.stages[self.target].base
        while base is not None:
            found.add(base)
            base = self.stages[base].base
        return found

    @property
    def step_count(self) -> int:
        """How many instructions are carried out, each FROM and global ARG included."""
        return len(self.globals) + sum(1 + len(stage.steps) for stage in self.needed)

    def find(self, name: str, before: int) -> Origin:
        """What ``--from=name`` means in the stage *before*."""
        if self.named and references.shown(name) in self.named:
            return self.named[references.shown(name)]
        earlier = {one.start.name: one.number for one in self.stages[:before] if one.start.name}
        found = find_stage(earlier, name, before)
        if found is None and name.lower() in {one.start.name for one in self.stages[before:]}:
            raise DockerfileError(
                f"cannot copy from stage {json.dumps(name)}, it needs to be defined before current "
                f"stage {json.dumps(self.stages[before].title)}",
                token=name,
            )
        return found or Origin("image", name)

    def finder(self, number: int) -> Callable[[str], Origin]:
        """What ``--from`` finds in the stage *number*."""
        return lambda name: self.find(name, number)

    def name_contexts(self, named: Mapping[str, Origin]) -> None:
        """Let names stand for something else, wherever a stage says them; a stage that is called
        so is nothing but that. One that begins with a directory begins with a copy of it."""
        self.named = {references.shown(name): origin for name, origin in named.items()}
        for stage in self.stages if named else ():
            name = stage.start.name
            origin = self.named.get(references.shown(name)) if name else None
            if origin is not None:
                stage.base, stage.steps, stage.needs = None, [], set()
            elif stage.image:
                name = stage.image
                origin = self.named.get(references.shown(name))
            if origin is not None and origin.kind != "image":
                stage.steps.insert(0, _all_of(name, stage.start.line))
                stage.image = ""
            elif origin is not None:
                stage.image = origin.name

    def render(self) -> str:
        """The graph for people: a block for each needed stage."""
        return "\n".join(_rendered(self)) + "\n"


def _all_of(name: str, start: Line) -> Instruction:
    """An instruction that copies everything of what is called *name*, at the place of *start*."""
    line = parse_line(f"COPY --from={name} . /", start.first, start.escape)
    return instructions.parse(replace(line, last=start.last))


def _rendered(plan: Plan) -> Iterator[str]:
    needed = {stage.number for stage in plan.needed}
    for stage in plan.stages:
        mark = "" if stage.number in needed else " (not needed)"
        waits = sorted(plan.stages[number].title for number in stage.needs)
        after = f" after {', '.join(waits)}" if waits else ""
        yield f"stage {stage.title}{after}{mark}"
        if not mark:
            yield f"  {stage.start.line.first}: {stage.start.line.text}"
            yield from (f"  {step.line.first}: {step.line.text}" for step in stage.steps)


def find_stage(names: dict[str, int], name: str, before: int) -> Origin | None:
    """An earlier stage by name or number."""
    number = names.get(name.lower())
    if number is None and name.isascii() and name.isdigit():
        number = int(name[:9])
        if number >= before:
            raise DockerfileError(
                f"invalid from flag value {name}: invalid stage index {name}", token=name
            )
    if number is None or number >= before:
        return None
    return Origin("stage", str(number))


def make_plan(dockerfile: Dockerfile, arguments: Arguments, target: str = "") -> Plan:
    """:class:`DockerfileError`, with its place, for anything that can be known before the build."""
    _check_syntax(dockerfile)
    globals_: list[Arg] = []
    stages: list[PlannedStage] = []
    names: dict[str, int] = {}
    if len(dockerfile.lines) > _MOST_STEPS:
        last = dockerfile.lines[_MOST_STEPS]
        raise last.fail(f"more than {_MOST_STEPS} instructions")
    for line in dockerfile.lines:
        step = instructions.parse(line)
        if isinstance(step, From):
            stages.append(_begin(step, names, len(stages), arguments))
            if step.name:
                names[step.name] = len(stages) - 1
        elif stages:
            stages[-1].steps.append(step)
            _note_needs(stages[-1], step, names)
        elif isinstance(step, Arg):
            globals_.append(step)
            step.declare(arguments)
        else:
            raise line.fail("no build stage in current context")
    if not stages:
        raise DockerfileError("dockerfile contains no stages to build")
    return Plan(dockerfile, globals_, stages, _target(stages, names, target), arguments)


def _check_syntax(dockerfile: Dockerfile) -> None:
    """Docker's own front ends speak the language that we do; others may mean anything."""
    asked = dockerfile.directives.get("syntax", "")
    if asked and not _OWN_SYNTAX.match(asked):
        raise DockerfileError(
            f"syntax {asked} is not supported: Boxship reads the language of docker/dockerfile",
            1,
            asked,
        )


def _begin(start: From, names: dict[str, int], number: int, arguments: Arguments) -> PlannedStage:
    known = {k: v for k, v in arguments.declared.items() if v is not None}
    scope = Stage(arguments=arguments, args={**arguments.platform, **known})
    scope.escape = start.line.escape
    base = scope.expand(start.line, start.base)
    platform = scope.expand(start.line, start.platform)
    if platform:
        try:
            platforms.parse(platform)
        except InvalidParameter as error:
            why = f"failed to parse platform {start.platform}: {error}"
            raise start.line.fail(why, start.platform) from None
    if not base:
        raise start.line.fail(f"base name ({start.base}) should not be blank", start.base)
    earlier = names.get(base.lower())
    if earlier is not None:
        return PlannedStage(number, start, earlier, "", platform, needs={earlier})
    image = "" if base == SCRATCH else base
    return PlannedStage(number, start, None, image, platform)


def _note_needs(stage: PlannedStage, step: Instruction, names: dict[str, int]) -> None:
    """Remember the stages that *step* takes files from."""

    def find(name: str) -> Origin:
        if name and name.lower() == stage.start.name:
            raise DockerfileError(f"circular dependency detected on stage: {name}", token=name)
        return find_stage(names, name, stage.number) or Origin("image", name)

    try:
        if isinstance(step, CopyInstruction):
            found = [find(step.origin_name)] if step.origin_name else []
        elif isinstance(step, RunInstruction):
            mounts = step.parsed_mounts(Stage(find=find, escape=step.line.escape), checking=True)
            found = [mount.origin for mount in mounts]
        else:
            return
    except DockerfileError as error:
        raise error.at(step.line.first, step.line.prefix) from None
    stage.needs |= {int(origin.name) for origin in found if origin.kind == "stage"}


def _target(stages: list[PlannedStage], names: dict[str, int], target: str) -> int:
    if not target:
        return len(stages) - 1
    number = names.get(target.lower())
    if number is None and target.isascii() and target.isdigit() and int(target[:9]) < len(stages):
        number = int(target)
    if number is None:
        hint = suggest(target, names)
        raise DockerfileError(f'target stage "{target}" could not be found{hint}')
    return number


def triggers(texts: list[str], escape: str = "\\") -> list[Instruction]:
    """What ONBUILD of a base image asks for. :class:`DockerfileError` when it cannot be parsed."""
    lines = [parse_line(text, 1, escape) for text in texts]
    for number, line in enumerate(lines):
        check_trigger(line, line.keyword)
        if number >= _MOST_STEPS:
            raise line.fail(f"more than {_MOST_STEPS} triggers")
    return [instructions.parse(line) for line in lines]
