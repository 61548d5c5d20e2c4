"""The RUN steps of a stage: the layer of one is written while the program of the next runs.

The digest of a layer is known when it has been written, and no earlier the key of a step on top of
it. So only a step goes ahead that the cache does not have on top of anything. It runs over what
the step before it ran over, and the files that that one has changed.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from boxship.base.times import now_ns
from boxship.builder.dependencies import Dependencies, Used
from boxship.builder.dockerfile.lines import Line
from boxship.builder.lending import Outcome
from boxship.builder.machine import Changes, Place, RunJob
from boxship.builder.note import Note
from boxship.builder.options import BuildOptions
from boxship.builder.progress import Progress
from boxship.builder.stage import Stage
from boxship.builder.step_images import Made, Position, StepImages
from boxship.builder.work import Origin, Run
from boxship.images.record import ImageRecord

if TYPE_CHECKING:
    from boxship.builder.solver import Means

_EMPTY_TAR = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"


@dataclass(frozen=True, slots=True)
class Asked:
    """A RUN as the file has it on *line*: *work*, its *note* in the history, and what it has *used*
    of the *places* of its mounts."""

    line: Line | None
    work: Run
    note: Note
    places: Mapping[Origin, Place]
    used: Used


@dataclass(slots=True, eq=False)
class _Ended:
    """A RUN whose program has ended: *changes* are what it has changed.

    *position* is the stage's before the step, and has its image once *finishing* is done; *stage*
    is as it was then. *base* is the image that it is on top of. *alone* keeps others from making
    the same. *lower* is the step that it ran over while that was not finished either; *users* of
    the changes are this step, and one that does so.
    """

    asked: Asked
    position: Position
    stage: Stage
    base: ImageRecord | None
    changes: Changes
    alone: contextlib.AsyncExitStack
    lower: "_Ended | None"
    users: int = 1
    finishing: "asyncio.Task[None] | None" = None

    def let_go(self) -> None:
        self.users -= 1
        if not self.users:
            self.changes.release()


class Runs:
    """Of one stage, whose *number* is told. *note* gets what steps have led to."""

    def __init__(
        self,
        means: "Means",
        options: BuildOptions,
        progress: Progress,
        number: int,
        dependencies: Dependencies,
        images: StepImages,
        note: Callable[[Outcome], None],
    ) -> None:
        self._means = means
        self._options = options
        self._progress = progress
        self._number = number
        self._dependencies = dependencies
        self._images = images
        self._note = note
        self._last: _Ended | None = None
        #: Whether another RUN comes after the one that is carried out.
        self.more = False
        #: Of a RUN whose layer could not be made, which was found out later.
        self.failed: Line | None = None
        self._ahead: tuple[Asked, contextlib.AsyncExitStack] | None = None

    async def run(
        self, position: Position, stage: Stage, asked: Asked, alone: contextlib.AsyncExitStack
    ) -> None:
        """Carry out a RUN on top of *position*, which :meth:`finish` moves on. Nobody else makes
        the same until *alone* is closed, which is done here."""
        async with alone:
            changes = await self._means.machine.run(self._job(asked, position.image, ()))
            self._begin(position, stage, asked, changes, alone.pop_all())
        if not self._may_wait:
            await self.finish(position)

    @property
    def _may_wait(self) -> bool:
        """Whether nobody asks for the image of a step before the next begins."""
        machine, options = self._means.machine, self._options
        others = options.cache_from or machine.lenders or machine.travels
        return self.more and options.remove and not options.step_images and not others

    def may_go_ahead(self, note: Note) -> bool:
        """Whether a RUN with that line in the history need not wait for the layer of the last."""
        last = self._last
        if last is None or last.finishing is None or last.finishing.done():
            return False
        return self._options.no_cache or not self._means.cache.knows(note.classic)

    async def go_ahead(self, position: Position, stage: Stage, asked: Asked) -> None:
        """Carry out a RUN while the layer of the last is written (:meth:`may_go_ahead`)."""
        lower = self._last
        assert lower is not None
        assert lower.finishing is not None
        job = self._job(asked, lower.base, (lower.changes.as_lower(),))
        lower.users += 1
        running = asyncio.ensure_future(self._means.machine.run(job))
        async with contextlib.AsyncExitStack() as alone:
            self._ahead = asked, alone
            try:
                both = {running, lower.finishing}
                await asyncio.wait(both, return_when=asyncio.FIRST_EXCEPTION)
                await self.finish(position)
                changes = await running
            except BaseException:
                await _give_up(running)
                lower.let_go()
                raise
            finally:
                self._ahead = None
            self._begin(position, stage, asked, changes, alone.pop_all(), lower)
        if not self._may_wait:
            await self.finish(position)

    def _job(
        self, asked: Asked, below: ImageRecord | None, above: tuple[dict[str, str], ...]
    ) -> RunJob:
        def told(text: str) -> None:
            self._progress.say(self._number, text)

        ready = self._progress.ready
        return RunJob(asked.work, below, above, asked.places, self._options, told, ready)

    def _begin(
        self,
        position: Position,
        stage: Stage,
        asked: Asked,
        changes: Changes,
        alone: contextlib.AsyncExitStack,
        lower: _Ended | None = None,
    ) -> None:
        """Begin to write the layer."""
        before, frozen = replace(position), replace(stage, config=dict(stage.config))
        # What is noted from now on comes after it.
        position.noted, position.size = [], 0
        last = _Ended(asked, before, frozen, before.image, changes, alone, lower)
        last.finishing = asyncio.ensure_future(self._finish(last))
        self._last = last

    async def _finish(self, ended: _Ended) -> None:
        asked = ended.asked
        key = self._dependencies.key(ended.position.chain, asked.work, asked.used)
        ended.position.keys.add(key)
        now = now_ns()
        moment = self._options.created or now
        try:
            with self._means.images.staging() as directory:
                layer = await ended.changes.layer(directory)
                is_known = await self._dependencies.are_as_they_were(
                    asked.work, asked.places, asked.used
                )
                is_empty = layer.diff_id == _EMPTY_TAR
                made = Made(None, None, moment, is_new=True)
                if not is_empty:
                    made = replace(made, diff_id=layer.diff_id, layer=layer)
                await self._images.add(ended.position, ended.stage, asked.note, made)
            if is_known:
                size = 0 if is_empty else layer.size
                outcome = Outcome(key, made.diff_id or "", size, asked.note.classic, moment)
                self._note(outcome)
                # Builds of other times find it too.
                await self._means.remember(replace(outcome, created=now))
            await self._keep_alone(ended.position)
        except Exception:
            self.failed = asked.line
            raise
        finally:
            if ended.lower is not None:
                ended.lower.let_go()
            ended.lower = None
            ended.let_go()
            await ended.alone.aclose()

    async def _keep_alone(self, position: Position) -> None:
        """The step that goes ahead on top of *position* has a key now, by which others find that
        it is being made. If one of them does so already, both do."""
        if self._ahead is None:
            return
        asked, alone = self._ahead
        key = self._dependencies.key(position.chain, asked.work, asked.used)
        lock = self._means.concurrency.making[key]
        if not lock.locked():
            await alone.enter_async_context(lock)

    async def finish(self, position: Position) -> None:
        """Let *position* have the image of the last RUN."""
        last, self._last = self._last, None
        if last is not None and last.finishing is not None:
            await last.finishing
            position.image = last.position.image
            position.is_dated = last.position.is_dated
            # One that has changed nothing is no more than noted.
            position.noted[:0] = last.position.noted
            position.size += last.position.size

    async def close(self, *, at_once: bool) -> None:
        """The stage has ended: nothing goes on any more. Unless it has to be *at_once*, the last
        layer is written yet: so that it is found when the step after it is mended."""
        last, self._last = self._last, None
        if last is None or last.finishing is None:
            return
        if at_once:
            last.finishing.cancel()
        await _over(last.finishing)


async def _give_up(running: "asyncio.Task[Changes]") -> None:
    running.cancel()
    await _over(running)
    if not running.cancelled() and running.exception() is None:
        running.result().release()


async def _over(task: "asyncio.Task[Any]") -> None:
    """Wait for its end, whatever that is; who interrupts this interrupts it."""
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
    if not task.cancelled():
        task.exception()
