"""Carries out a plan: stages beside each other as far as they allow it, steps one by one."""

import asyncio
import errno
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from boxship.base.errors import BoxshipError, Internal, InvalidParameter
from boxship.builder.cache import BuildCache
from boxship.builder.concurrency import Concurrency
from boxship.builder.context import EMPTY, Context
from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.instructions.add import Add
from boxship.builder.instructions.copy import CopyInstruction
from boxship.builder.instructions.instruction import Instruction
from boxship.builder.instructions.run import RunInstruction
from boxship.builder.lending import Outcome
from boxship.builder.machine import Digests, Machine, Place, Tree, WorkRunner
from boxship.builder.options import BuildOptions
from boxship.builder.plan import Plan, PlannedStage, triggers
from boxship.builder.progress import Progress
from boxship.builder.recipes import Recipes
from boxship.builder.remote import Remotes
from boxship.builder.squash import squash
from boxship.builder.stage import DEFAULT_PATH, Effect, Stage
from boxship.builder.step_images import Position
from boxship.builder.steps import Steps
from boxship.builder.work import NOTHING, Origin
from boxship.images.creation import EMPTY_CONFIG
from boxship.images.images import Images
from boxship.images.record import ImageRecord


@dataclass(slots=True)
class Means:
    """What a solver works with."""

    images: Images
    workers: WorkRunner
    machine: Machine
    cache: BuildCache
    digests: Digests
    concurrency: Concurrency = field(default_factory=Concurrency)

    async def remember(self, outcome: Outcome) -> None:
        """Let the cache find what a step has led to now."""
        facts = (outcome.diff_id, outcome.size, outcome.description, outcome.created)
        await self.cache.put(outcome.key, *facts)
        self.concurrency.made.add(outcome.key)


@dataclass(slots=True)
class Finished:
    """A stage as others find it."""

    position: Position
    stage: Stage
    base: ImageRecord | None


@dataclass(slots=True)
class Solver:
    means: Means
    plan: Plan
    context: Context
    options: BuildOptions
    progress: Progress
    remotes: Remotes
    _stages: "dict[int, asyncio.Task[Finished]]" = field(default_factory=dict)
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _recipes: Recipes = field(init=False)

    def __post_init__(self) -> None:
        self._recipes = Recipes(self.plan, self._begin_alone, self._place, self._steps)

    async def solve(self) -> ImageRecord:
        """The image of the plan's target, squashed if the options say so.

        On an error, or when cancelled, every stage has ended before this returns."""
        if self.means.machine.lenders:
            # What others can lend of the target may make the other stages needless.
            self._begin(self.plan.stages[self.plan.target])
        else:
            self._begin_all()
        try:
            await self._first_failure()
        finally:
            for task in self._stages.values():
                task.cancel()
            await asyncio.gather(*self._stages.values(), return_exceptions=True)
        self._skip()
        finished = self._stages[self.plan.target].result()
        image = finished.position.image
        if image is None:
            # Docker's classic builder knows no images but those of steps.
            if self.options.step_images:
                raise InvalidParameter("No image was generated. Is your Dockerfile empty?")
            steps = self._steps(self.plan.stages[self.plan.target])
            image = await steps.nothing(finished.position, finished.stage)
        if not self.options.squash:
            return image
        return await squash(self.means.images, self.means.workers, image, finished.base)

    def _begin(self, planned: PlannedStage) -> "asyncio.Task[Finished]":
        if planned.number not in self._stages:
            self._stages[planned.number] = asyncio.ensure_future(self._run(planned))
            self._more.set()
        return self._stages[planned.number]

    async def _first_failure(self) -> None:
        """Wait for all stages, those that begin meanwhile too, or until one has failed, which is
        raised."""
        done = set[asyncio.Task[Any]]()
        while waiting := {*self._stages.values()} - done:
            self._more.clear()
            more = asyncio.ensure_future(self._more.wait())
            try:
                finished, _ = await asyncio.wait(
                    {*waiting, more}, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                more.cancel()
            for task in waiting & finished:
                task.result()
            done |= waiting & finished

    def _begin_all(self) -> None:
        for planned in self.plan.needed:
            self._begin(planned)

    def _skip(self) -> None:
        """Tell of the stages that had not to be run."""
        for planned in self.plan.needed:
            if planned.number not in self._stages:
                for step in (planned.start, *planned.steps):
                    self.progress.begin(planned.number, step.line.text)
                    self.progress.cached(planned.number)
                    self.progress.end(planned.number, None)
                self.progress.leave(planned.number)

    def _steps(self, planned: PlannedStage) -> Steps:
        options = self.options
        if planned.title.lower() in options.no_cache_stages:
            options = replace(options, no_cache=True)
        return Steps(self.means, options, self.progress, planned.number)

    async def _run(self, planned: PlannedStage) -> Finished:
        number = planned.number
        self.progress.begin(number, planned.start.line.text)
        try:
            position, stage, base = await self._start(planned)
        except BoxshipError as error:
            self.progress.fail(number, planned.start.line, error)
            raise
        self.progress.end(number, position.image)
        async with self._steps(planned) as steps:
            await self._carry_out_all(steps, planned, position, stage)
        self.progress.leave(number)
        return Finished(position, stage, base)

    async def _carry_out_all(
        self, steps: Steps, planned: PlannedStage, position: Position, stage: Stage
    ) -> None:
        number = planned.number
        instructions: Sequence[Instruction] = planned.steps
        inherited = stage.config.get("OnBuild") or []
        stage.config["OnBuild"] = None
        if inherited:
            self.progress.triggers(number, len(inherited))
            instructions = [*triggers(inherited, stage.escape), *instructions]
        runs = sum(isinstance(step, RunInstruction) for step in instructions)
        for step in instructions:
            runs -= isinstance(step, RunInstruction)
            steps.turn_to(step.line, more_runs=runs > 0)
            await self._step(steps, position, stage, step)
        if number == self.plan.target:
            await self._label(steps, position, stage)
        await steps.settle(position, stage)

    async def _step(
        self, steps: Steps, position: Position, stage: Stage, step: Instruction
    ) -> None:
        self.progress.begin(steps.number, step.line.text)
        try:
            await self._carry_out(steps, position, stage, step)
        except (BoxshipError, OSError, sqlite3.OperationalError) as error:
            told = _told(error)
            self.progress.fail(steps.number, steps.failed or step.line, told)
            raise told from None
        self.progress.end(steps.number, position.image)

    async def _carry_out(
        self, steps: Steps, position: Position, stage: Stage, step: Instruction
    ) -> None:
        try:
            effect = step.apply(stage)
            recipe = await self._recipe(steps, position, effect)
            if recipe is not None:
                self.progress.work(steps.number)
                if await steps.lend(position, stage, recipe, effect.note):
                    return
                self._begin_all()
            places = {}
            for origin in effect.work.origins() if effect.work else ():
                places[origin] = await self._place(origin, steps)
            async with self.means.concurrency.slots:
                self.progress.work(steps.number)
                await steps.carry_out(position, stage, effect, places)
            if recipe is not None:
                steps.note_as(recipe)
        except DockerfileError as error:
            # The file could be parsed: this is about what it says now.
            prefix = str(error).removesuffix(error.message).removeprefix(step.line.prefix)
            raise DockerfileError(error.message, step.line.first, error.token, prefix) from None
        except InvalidParameter as error:
            if isinstance(step, CopyInstruction | Add):
                raise InvalidParameter(f"{step.KEYWORD} failed: {error}") from None
            raise

    async def _recipe(self, steps: Steps, position: Position, effect: Effect) -> str | None:
        """By which a cache from elsewhere may know the step, where that matters."""
        machine = self.means.machine
        if effect.work is None or not (machine.lenders or machine.travels):
            return None
        return await self._recipes.key(steps, position.chain, effect.work)

    async def _begin_alone(self, planned: PlannedStage) -> tuple[Position, Stage]:
        position, stage, _ = await self._start(planned)
        return position, stage

    async def _label(self, steps: Steps, position: Position, stage: Stage) -> None:
        """Labels of the client, as further instructions."""
        for name, value in sorted(self.options.labels.items()):
            text = f"LABEL {name}={value}"
            self.progress.begin(steps.number, text)
            stage.config["Labels"] = {**(stage.config.get("Labels") or {}), name: value}
            await steps.describe(position, stage, stage.nop(text, ""))
            self.progress.end(steps.number, position.image)

    async def _start(self, planned: PlannedStage) -> tuple[Position, Stage, ImageRecord | None]:
        stage = Stage(
            arguments=self.plan.arguments,
            find=self.plan.finder(planned.number),
            escape=planned.start.line.escape,
            keeps_paths=self.options.buildkit_history,
        )
        if planned.base is not None:
            before = await self._finished(planned.base)
            stage.config = dict(before.stage.config)
            stage.args = dict(before.stage.args)
            position = replace(before.position, noted=[], size=0, is_dated=False)
            position.keys = {*before.position.keys}
            return position, stage, before.base
        wanted = planned.platform or self.options.platform
        position = Position(None, wanted)
        if planned.image:
            position.image = await self._image(planned.image, wanted, planned.number)
            stage.config = {**EMPTY_CONFIG, **position.image.config}
        else:
            stage.config["WorkingDir"] = "/"
        if "PATH" not in stage.env():
            stage.set_env({"PATH": DEFAULT_PATH})
        return position, stage, position.image

    async def _image(self, name: str, platform: str, stage: int) -> ImageRecord:
        def told(text: str) -> None:
            self.progress.say(stage, text)

        image = await self.means.machine.base(name, platform, self.options.pull, told)
        self.means.machine.hold(image)
        return image

    async def _finished(self, number: int) -> Finished:
        """Wait for another stage; triggers may need one that nothing else does."""
        return await asyncio.shield(self._begin(self.plan.stages[number]))

    async def _place(self, origin: Origin, steps: Steps) -> Place:
        if origin.kind == "context":
            return self.context.others[origin.name] if origin.name else self.context.place
        if origin.kind == "stage":
            found = await self._finished(int(origin.name))
            return Place(self._tree(found.position.image), owners=True)
        if origin.kind == "image":
            image = await self._image(origin.name, self.options.platform, steps.number)
            return Place(self._tree(image), owners=True)
        if origin == NOTHING:
            return Place(EMPTY)
        return await self.remotes.place(origin, lambda text: self.progress.say(steps.number, text))

    def _tree(self, image: ImageRecord | None) -> Tree:
        if image is None:
            return EMPTY
        return EMPTY | {"layers": self.means.images.rootfs_layers(image.id)}


def _told(error: Exception) -> BoxshipError:
    """*error* in words: a full disk, as a rule, where it is none of ours."""
    if isinstance(error, BoxshipError):
        return error
    if isinstance(error, sqlite3.OperationalError) and "disk is full" in str(error):
        return Internal(os.strerror(errno.ENOSPC).lower())
    reason = error.strerror if isinstance(error, OSError) else None
    return Internal((reason or str(error)).lower())
