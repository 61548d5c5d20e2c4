"""Keys of steps that take files from other stages, by what those stages are told to do.

The cache's own keys are of content, which is known once the other stage has run. A cache that
travels may hold the step alone and not what made its files; by its recipe it is found all the same,
and the other stage need not run. What such a stage takes from elsewhere is fetched, once a build:
only that says whether it is still the same.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from boxship.base.errors import BoxshipError
from boxship.builder.cache import key_of
from boxship.builder.dependencies import copies_of
from boxship.builder.machine import Place
from boxship.builder.plan import Plan, PlannedStage, triggers
from boxship.builder.stage import Stage
from boxship.builder.step_images import Position
from boxship.builder.steps import Steps
from boxship.builder.work import Copy, Files, Origin, Work

Begin = Callable[[PlannedStage], Awaitable[tuple[Position, Stage]]]
PlaceOf = Callable[[Origin, Steps], Awaitable[Place]]


@dataclass(slots=True)
class _Recipe:
    """*key* of all that *stage* has been told so far; None when that does not decide it."""

    key: str | None
    stage: Stage


class Recipes:
    """*begin* starts a stage that is made on top of no other, *place* finds what origins mean that
    are no stages, *steps* makes the steps of one."""

    def __init__(
        self, plan: Plan, begin: Begin, place: PlaceOf, steps: Callable[[PlannedStage], Steps]
    ) -> None:
        self._plan = plan
        self._begin = begin
        self._place = place
        self._steps = steps
        self._known: dict[int, _Recipe] = {}

    async def key(self, steps: Steps, chain: tuple[str, ...], work: Work) -> str | None:
        """Of a step on top of *chain*; None where it takes nothing from stages, or where that
        cannot be told before they have run."""
        if not any(origin.kind == "stage" for origin in work.origins()):
            return None
        try:
            return await self._step(steps, chain, work)
        except BoxshipError:
            return None  # the build will say what is wrong when it gets there

    async def _step(self, steps: Steps, chain: tuple[str, ...], work: Work) -> str | None:
        copies = copies_of(work)
        others: list[Copy] = []
        recipes = []
        for action in copies.actions:
            if not isinstance(action, Copy):
                continue
            if action.origin.kind != "stage":
                others.append(action)
                continue
            recipe = await self._of(int(action.origin.name))
            if recipe.key is None:
                return None
            recipes.append(recipe.key)
        places = {one.origin: await self._place(one.origin, steps) for one in others}
        used = await steps.dependencies.used(Files(tuple(others)), places)
        return key_of(["recipe", recipes, steps.dependencies.facts(chain, work, used.digests)])

    async def _of(self, number: int) -> _Recipe:
        if number not in self._known:
            self._known[number] = await self._read(self._plan.stages[number])
        return self._known[number]

    async def _read(self, planned: PlannedStage) -> _Recipe:
        steps = self._steps(planned)
        if planned.base is not None:
            before = await self._of(planned.base)
            key, stage = before.key, before.stage.on_top(self._plan.finder(planned.number))
        else:
            position, stage = await self._begin(planned)
            key = key_of([*position.chain])
        inherited = stage.config.get("OnBuild") or []
        stage.config["OnBuild"] = None
        for step in [*triggers(inherited, stage.escape), *planned.steps]:
            work = step.apply(stage).work
            if key is not None and work is not None:
                key = None if steps.is_fresh else await self._step(steps, (key,), work)
        return _Recipe(key, stage)
