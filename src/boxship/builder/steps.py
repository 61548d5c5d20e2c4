"""One step: looked up in the cache, else carried out; then an image that stands for it."""

import asyncio
import contextlib
import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError
from boxship.base.times import now_ns
from boxship.builder.cache import Record
from boxship.builder.dependencies import Dependencies, Used
from boxship.builder.dockerfile.lines import Line
from boxship.builder.file_steps import orders
from boxship.builder.lending import Outcome
from boxship.builder.machine import Place, Tree
from boxship.builder.note import Note
from boxship.builder.options import BuildOptions
from boxship.builder.progress import Progress
from boxship.builder.runs import Asked, Runs
from boxship.builder.stage import Effect, Stage
from boxship.builder.step_images import Made, Position, StepImages
from boxship.builder.work import Files, Origin, Run
from boxship.images.layers import StagedLayer
from boxship.images.record import ImageRecord, parse_time
from boxship.images.staging import written

if TYPE_CHECKING:
    from boxship.builder.solver import Means


class Steps:
    """The steps of one stage, in order. *number* is the stage's."""

    def __init__(
        self, means: "Means", options: BuildOptions, progress: Progress, number: int
    ) -> None:
        self._means = means
        self._options = options
        # Images to take layers from stand in for the cache, even where none of them exists.
        self._lenders = () if options.no_cache else options.cache_from
        self._progress = progress
        self._last: Outcome | None = None
        self._images = StepImages(means, options, progress, number)
        self.dependencies = Dependencies(means, options)
        self._runs = Runs(
            means, options, progress, number, self.dependencies, self._images, self._note
        )
        self.number = number
        self._line: Line | None = None

    def turn_to(self, line: Line, *, more_runs: bool) -> None:
        """The step on *line* is next; *more_runs*: a RUN comes after it."""
        self._line = line
        self._runs.more = more_runs

    @property
    def failed(self) -> Line | None:
        """Of the step that has failed: perhaps one whose program had ended before."""
        return self._runs.failed or self._line

    async def __aenter__(self) -> "Steps":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self._runs.close(at_once=kind is asyncio.CancelledError)

    async def settle(self, position: Position, stage: Stage) -> None:
        """Give what stands for the steps so far an image."""
        await self._runs.finish(position)
        await self._images.settle(position, stage)

    async def nothing(self, position: Position, stage: Stage) -> ImageRecord:
        """The image of a stage without a base in which nothing was done."""
        return await self._images.nothing(position, stage)

    @property
    def is_fresh(self) -> bool:
        """Whether everything is to be done anew."""
        return self._options.no_cache

    async def carry_out(
        self, position: Position, stage: Stage, effect: Effect, places: Mapping[Origin, Place]
    ) -> None:
        """Do what *effect* says, and move *position* on. *places* has the origins of its work."""
        work = effect.work
        if work is None:
            await self.describe(position, stage, effect.note)
            return
        self._last = None
        used = await self.dependencies.used(work, places)
        if isinstance(work, Run) and self._runs.may_go_ahead(effect.note):
            await self._runs.go_ahead(
                position, stage, Asked(self._line, work, effect.note, places, used)
            )
            return
        await self._runs.finish(position)
        key = self.dependencies.key(position.chain, work, used)
        note = self.dependencies.note(effect, used)
        if self._options.no_cache and key in position.keys:
            # An equal step of another stage may be shared, one of this stage is a step of its own.
            self._means.concurrency.made.discard(key)
        position.keys.add(key)
        made = self._borrowed(position, note, key) if self._lenders else self._cached(key, note)
        if made is not None:
            await self._images.add(position, stage, note, made)
            return
        if await self.lend(position, stage, key, note):
            return
        async with contextlib.AsyncExitStack() as alone:
            await alone.enter_async_context(self._means.concurrency.making[key])
            # Whoever was about to make the same has done it now.
            made = None if self._lenders else self._cached(key, note)
            if made is not None:
                await self._images.add(position, stage, note, made)
            elif isinstance(work, Run):
                asked = Asked(self._line, work, note, places, used)
                await self._runs.run(position, stage, asked, alone.pop_all())
            else:
                await self._copy(position, stage, work, places, used, key, note)

    async def _copy(
        self,
        position: Position,
        stage: Stage,
        work: Files,
        places: Mapping[Origin, Place],
        used: Used,
        key: str,
        note: Note,
    ) -> None:
        moment = self._moment(key)
        with self._means.images.staging() as directory:
            layer = await self._write(position, work, places, directory, moment)
            is_known = await self.dependencies.are_as_they_were(work, places, used)
            diff_id = layer.diff_id if layer else None
            # As old as whoever finds it again is told.
            made = Made(diff_id, layer, moment, is_new=True)
            await self._images.add(position, stage, note, made)
        if is_known:
            size = layer.size if layer else 0
            outcome = Outcome(key, diff_id or "", size, note.classic, moment)
            self._note(outcome)
            await self._means.remember(outcome)

    def _moment(self, key: str) -> int:
        """The time of directories that files are put into. What is made again has that of the first
        time: then it is the same layer, and what others have put on top of that is found again."""
        known = self._means.cache.peek(key)
        return known.created if known is not None else self._now()

    def _note(self, outcome: Outcome) -> None:
        self._last = outcome
        self._means.machine.ledger.note(self.number, outcome)

    def note_as(self, key: str) -> None:
        """What the last step has led to can be found by *key* too."""
        if self._last is not None:
            self._note(dataclasses.replace(self._last, key=key))

    async def describe(self, position: Position, stage: Stage, note: Note) -> None:
        """A step that changes the configuration only."""
        is_new = bool(self._lenders) and self._borrowed(position, note) is None
        made = Made(None, None, self._now(), is_new)
        await self._images.describe(position, stage, note, made)

    def _now(self) -> int:
        return self._options.created or now_ns()

    def _cached(self, key: str, note: Note) -> Made | None:
        if self._options.no_cache and key not in self._means.concurrency.made:
            return None
        record: Record | None = self._means.cache.find(key)
        if record is None:
            return None
        if record.diff_id and self._means.images.layer_users(record.diff_id) is None:
            return None
        created = self._options.created or record.created
        self._note(Outcome(key, record.diff_id, record.size, note.classic, created))
        return Made(record.diff_id or None, None, created, is_new=False)

    async def lend(self, position: Position, stage: Stage, key: str, note: Note) -> bool:
        """Add what a cache from elsewhere has, if one does. It does not enter our own cache, where
        builds would find it whose users trust nobody else's."""
        for lender in () if self._options.no_cache else self._means.machine.lenders:
            outcome = lender.find(key)
            if outcome is None:
                continue
            with contextlib.ExitStack() as until:
                layer: StagedLayer | None = None
                if outcome.diff_id and self._means.images.layer_users(outcome.diff_id) is None:
                    layer = await lender.layer(outcome, until)
                    if layer is None:
                        continue
                created = self._options.created or outcome.created
                made = Made(outcome.diff_id or None, layer, created, is_new=False)
                await self._images.add(position, stage, note, made)
            self._note(outcome)
            self._progress.cached(self.number)
            return True
        return False

    def _borrowed(self, position: Position, note: Note, key: str = "") -> Made | None:
        """The layer of an image in ``--cache-from`` that got this far and went on as we do. *key*
        of a step that has work to do."""
        record = self._means.cache.peek(key) if key else None
        for name in self._lenders:
            try:
                image = self._means.images.resolve(name)
            except BoxshipError:
                continue
            made = _continuation(image, position.chain, note, record.diff_id if record else "")
            if made is not None:
                return made
        return None

    async def _write(
        self,
        position: Position,
        work: Files,
        places: Mapping[Origin, Place],
        directory: Path,
        moment: int,
    ) -> StagedLayer | None:
        actions, trees = orders(work, places)
        arguments = {"actions": actions, "link": work.link, "now": moment}
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        fds = [os.open(directory / name, flags, 0o600) for name in ("layer.tar", "index")]
        try:
            below = self._below(position)
            made = await self._means.workers.run(
                "build_layer", arguments, fds, below, sources=trees
            )
        finally:
            for fd in fds:
                os.close(fd)
        if not made["entries"]:
            return None
        return written(directory, made)

    def _below(self, position: Position) -> Tree:
        layers = self._means.images.rootfs_layers(position.image.id) if position.image else []
        return {"layers": layers, "upper": None, "work": None, "volatile": False}


def _continuation(
    image: ImageRecord, chain: tuple[str, ...], note: Note, known: str
) -> Made | None:
    """What *image* has on top of *chain*, if its history calls that *note*; where that does not say
    enough, it has to be the layer that is *known* to be the step's."""
    if image.diff_ids[: len(chain)] != chain:
        return None
    depth = 0
    for row in image.document.get("history") or ():
        is_empty = bool(row.get("empty_layer"))
        text, comment = str(row.get("created_by")), str(row.get("comment"))
        if depth == len(chain) and note.is_told_by(text, comment):
            diff_id = None if is_empty else image.diff_ids[depth]
            if note.says_all(text) or diff_id == known:
                return Made(diff_id, None, parse_time(row.get("created")), is_new=False)
        depth += not is_empty
    return None
