"""What a build will ask its client for, known before anything is done. Pure."""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.instructions.instruction import Instruction
from boxship.builder.plan import Plan, PlannedStage, triggers
from boxship.builder.stage import DEFAULT_PATH, Stage
from boxship.builder.work import CONTEXT, Copy, Files, Run
from boxship.images.creation import EMPTY_CONFIG


@dataclass(slots=True)
class Needs:
    """*paths*: patterns below the context, of which nothing else is used unless *everything* is;
    *secrets* and *agents* are ids.
    """

    paths: set[str] = field(default_factory=set)
    everything: bool = False
    secrets: set[str] = field(default_factory=set)
    agents: set[str] = field(default_factory=set)

    def path(self, text: str) -> None:
        clean = posixpath.normpath("/" + text.replace("/./", "/")).lstrip("/")
        if clean:
            self.paths.add(clean)
        else:
            self.everything = True


def together(all_needs: Iterable[Needs]) -> Needs:
    """What several builds need."""
    found = Needs()
    for needs in all_needs:
        found.paths |= needs.paths
        found.everything = found.everything or needs.everything
        found.secrets |= needs.secrets
        found.agents |= needs.agents
    return found


def find_needs(plan: Plan, bases: Mapping[str, Mapping[str, Any]]) -> Needs:
    """*bases*: the configurations of base images, by the names that the stages give them."""
    needs = Needs()
    before: dict[int, Stage] = {}
    for planned in plan.needed:
        stage = before[planned.number] = begin(plan, planned, before, bases)
        inherited = stage.config.get("OnBuild") or []
        stage.config["OnBuild"] = None
        try:
            for step in [*triggers(inherited, stage.escape), *planned.steps]:
                _note(needs, step, stage)
        except DockerfileError:
            # The build will say so when it gets there; until then it may use anything.
            needs.everything = True
    return needs


def begin(
    plan: Plan,
    planned: PlannedStage,
    before: Mapping[int, Stage],
    bases: Mapping[str, Mapping[str, Any]],
) -> Stage:
    """The stage *planned* in front of its first instruction. *before*: those that came earlier."""
    stage = Stage(
        arguments=plan.arguments,
        find=lambda name: plan.find(name, planned.number),
        escape=planned.start.line.escape,
    )
    if planned.base is not None and planned.base in before:
        stage.config = dict(before[planned.base].config)
        stage.args = dict(before[planned.base].args)
        return stage
    stage.config = {**EMPTY_CONFIG, **bases.get(planned.image, {})}
    if "PATH" not in stage.env():
        stage.set_env({"PATH": DEFAULT_PATH})
    return stage


def _note(needs: Needs, step: Instruction, stage: Stage) -> None:
    work = step.apply(stage).work
    if isinstance(work, Files):
        for action in work.actions:
            if isinstance(action, Copy) and action.origin == CONTEXT:
                for path in action.paths:
                    needs.path(path)
    elif isinstance(work, Run):
        for mount in work.mounts:
            if mount.kind == "secret":
                needs.secrets.add(mount.options["id"])
            elif mount.kind == "ssh":
                needs.agents.add(mount.options["id"])
            elif mount.origin == CONTEXT:
                needs.path(mount.source)
