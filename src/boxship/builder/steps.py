"""One step: looked up in the cache, else carried out; then an image that stands for it."""

import contextlib
import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boxship.base.errors import BoxshipError
from boxship.base.times import now_ns
from boxship.builder.cache import Record, key_of
from boxship.builder.file_steps import orders
from boxship.builder.lending import Outcome
from boxship.builder.machine import Place, RunJob, Tree
from boxship.builder.options import HOSTNAME, BuildOptions
from boxship.builder.progress import Progress
from boxship.builder.stage import CONTENT, Effect, Stage
from boxship.builder.step_images import Made, Position, StepImages
from boxship.builder.work import Copy, Files, Origin, Run, Work
from boxship.images.layers import StagedLayer
from boxship.images.record import ImageRecord, parse_time
from boxship.images.staging import written

if TYPE_CHECKING:
    from boxship.builder.solver import Means

_EMPTY_TAR = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
# What tells nothing of a step apart: the name of its container, and what BuildKit has for all.
_USUAL_NAMES = ("", HOSTNAME)


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
        #: Gives what stands for the steps so far an image.
        self.settle = self._images.settle
        self.number = number

    @property
    def is_fresh(self) -> bool:
        """Whether everything is to be done anew."""
        return self._options.no_cache

    async def carry_out(
        self, position: Position, stage: Stage, effect: Effect, places: Mapping[Origin, Place]
    ) -> None:
        """Do what *effect* says, and move *position* on. *places* has the origins of its work."""
        if effect.work is None:
            await self.describe(position, stage, effect.note)
            return
        self._last = None
        key, note, stamp = await self._facts(position, effect, places)
        made = self._borrowed(position, note) if self._lenders else self._cached(key, note)
        if made is not None:
            await self._images.add(position, stage, note, made)
            return
        if await self.lend(position, stage, key):
            return
        async with self._means.concurrency.making[key]:
            # Whoever was about to make the same has done it now.
            made = None if self._lenders else self._cached(key, note)
            if made is not None:
                await self._images.add(position, stage, note, made)
                return
            moment = self._moment(key, effect.work)
            with self._means.images.staging() as directory:
                made = await self._make(position, effect.work, places, directory, moment)
                size = made.layer.size if made.layer else 0
                is_known = not _may_change(places) or (
                    stamp != ""
                    and (key, note, stamp) == await self._facts(position, effect, places)
                )
                await self._images.add(position, stage, note, made)
            if is_known:
                self._note(Outcome(key, made.diff_id or "", size, note, moment))
                await self._means.cache.put(key, made.diff_id or "", size, note, moment)
                self._means.concurrency.made.add(key)

    def _moment(self, key: str, work: Work) -> int:
        """The time of directories that *work* makes. What is made again has that of the first time:
        then it is the same layer, and what others have put on top of that is found again."""
        known = self._means.cache.peek(key) if isinstance(work, Files) else None
        return known.created if known is not None else self._now()

    def _note(self, outcome: Outcome) -> None:
        self._last = outcome
        self._means.machine.ledger.note(self.number, outcome)

    def note_as(self, key: str) -> None:
        """What the last step has led to can be found by *key* too."""
        if self._last is not None:
            self._note(dataclasses.replace(self._last, key=key))

    async def describe(self, position: Position, stage: Stage, note: str) -> None:
        """A step that changes the configuration only."""
        is_new = bool(self._lenders) and self._borrowed(position, note) is None
        made = Made(None, None, self._now(), is_new)
        await self._images.describe(position, stage, note, made)

    def _now(self) -> int:
        return self._options.created or now_ns()

    def _cached(self, key: str, note: str) -> Made | None:
        if self._options.no_cache and key not in self._means.concurrency.made:
            return None
        record: Record | None = self._means.cache.find(key)
        if record is None:
            return None
        if record.diff_id and self._means.images.layer_users(record.diff_id) is None:
            return None
        created = self._options.created or record.created
        self._note(Outcome(key, record.diff_id, record.size, note, created))
        return Made(record.diff_id or None, None, created, is_new=False)

    async def lend(self, position: Position, stage: Stage, key: str) -> bool:
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
                await self._images.add(position, stage, outcome.description, made)
            self._note(outcome)
            self._progress.cached(self.number)
            return True
        return False

    def _borrowed(self, position: Position, note: str) -> Made | None:
        """The layer of an image in ``--cache-from`` that got this far and went on as we do."""
        for name in self._lenders:
            try:
                image = self._means.images.resolve(name)
            except BoxshipError:
                continue
            made = _continuation(image, position.chain, note)
            if made is not None:
                return made
        return None

    # what a step depends on

    async def _facts(
        self, position: Position, effect: Effect, places: Mapping[Origin, Place]
    ) -> tuple[str, str, str]:
        """The key of everything that decides what the step makes, its line in the history, and the
        stamp of the files that it uses, empty where none is known."""
        work = effect.work
        assert work is not None
        digests, stamp = await self._used(copies_of(work), places)
        note = effect.note
        if isinstance(work, Files):
            content = key_of(digests or [_without_origin(action) for action in work.actions])
            kind = "file" if len(digests) == 1 else "multi"
            note = note.replace(CONTENT, f"{kind}:{content}")
        return key_of(self.facts(position.chain, work, digests)), note, stamp

    def facts(self, chain: Sequence[str], work: Work, digests: list[str]) -> Any:
        """The same of *work* that uses files with *digests*, on top of *chain*."""
        if isinstance(work, Files):
            below = [] if work.link else [*chain]
            own = [_without_origin(action) for action in work.actions]
            return ["files", below, work.link, own, digests, self._options.created]
        mounts = [
            [mount.kind, mount.target, mount.source, sorted(mount.options.items())]
            for mount in work.mounts
        ]
        plain = dataclasses.replace(work, mounts=(), hidden=())
        described = {f.name: getattr(plain, f.name) for f in dataclasses.fields(plain)}
        options = [self._options.network, *self._options.extra_hosts]
        if self._options.hostname not in _USUAL_NAMES:
            options.append(self._options.hostname)
        return ["run", [*chain], described, mounts, digests, options]

    async def digests(self, work: Files, places: Mapping[Origin, Place]) -> list[str]:
        """Of all that *work* copies."""
        return (await self._used(work, places))[0]

    async def _used(self, work: Files, places: Mapping[Origin, Place]) -> tuple[list[str], str]:
        """The same, and the stamp of it."""
        actions, trees = orders(work, places)
        copies = [action for action in actions if action["do"] == "copy"]
        if not copies:
            return [], ""
        if not all(place.owners or place.state for place in places.values()):
            return await self._digest(copies, trees, places)
        # What images hold stays as it is.
        key = key_of([trees, copies, [place.state for place in places.values()]])
        digests = self._means.cache.content(key)
        if digests is None:
            digests, _ = await self._digest(copies, trees, places)
            self._means.cache.note_content(key, digests)
        return digests, ""

    async def _digest(
        self, copies: list[dict[str, Any]], trees: list[Tree], places: Mapping[Origin, Place]
    ) -> tuple[list[str], str]:
        arguments: dict[str, Any] = {"actions": copies}
        names = [place.lasting for place in places.values() if place.lasting]
        with contextlib.ExitStack() as stack:
            table: tuple[int, ...] = ()
            if names:
                name = key_of([names, copies])
                table = stack.enter_context(self._means.digests.table(name))
                arguments["remember"] = True
            answer = await self._means.workers.run("build_digest", arguments, table, sources=trees)
        return list(answer["digests"]), str(answer["stamp"])

    # making

    async def _make(
        self,
        position: Position,
        work: Work,
        places: Mapping[Origin, Place],
        directory: Path,
        moment: int,
    ) -> Made:
        if isinstance(work, Files):
            layer = await self._write(position, work, places, directory, moment)
        else:
            layer = await self._run(position, work, places, directory)
        diff_id = layer.diff_id if layer else None
        return Made(diff_id, layer, self._now(), is_new=True)

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

    async def _run(
        self, position: Position, work: Run, places: Mapping[Origin, Place], directory: Path
    ) -> StagedLayer | None:
        def told(text: str) -> None:
            self._progress.say(self.number, text)

        ready = self._progress.ready
        job = RunJob(work, position.image, places, self._options, directory, told, ready)
        layer = await self._means.machine.run(job)
        return None if layer.diff_id == _EMPTY_TAR else layer


def _may_change(places: Mapping[Origin, Place]) -> bool:
    """Whether a client can write to files while they are used: what it makes of a step then is no
    news for the cache, which others trust."""
    return any(
        not place.owners and not place.state and row.get("kind") == "dir"
        for place in places.values()
        for row in place.tree["layers"]
    )


def _continuation(image: ImageRecord, chain: tuple[str, ...], note: str) -> Made | None:
    """What *image* has on top of *chain*, if its history calls that *note*."""
    if image.diff_ids[: len(chain)] != chain:
        return None
    depth = 0
    for row in image.document.get("history") or ():
        is_empty = bool(row.get("empty_layer"))
        if depth == len(chain) and row.get("created_by") == note:
            diff_id = None if is_empty else image.diff_ids[depth]
            return Made(diff_id, None, parse_time(row.get("created")), is_new=False)
        depth += not is_empty
    return None


def _without_origin(action: Any) -> list[Any]:
    """An action without where its files come from: only their content counts."""
    described = {f.name: getattr(action, f.name) for f in dataclasses.fields(action)}
    described.pop("origin", None)
    if "owner" in described:
        described["owner"] = [action.owner.chown, action.owner.chmod]
    return [type(action).__name__, described]


def copies_of(work: Work) -> Files:
    """What *work* uses: the bind mounts of a RUN as copies, so that they can be digested."""
    if isinstance(work, Files):
        return work
    return Files(
        tuple(
            Copy(mount.origin, (mount.source or "/",), "/", required=True)
            for mount in work.mounts
            if mount.origin.kind != "nothing"
        )
    )
