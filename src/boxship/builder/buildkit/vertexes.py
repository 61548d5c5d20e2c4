"""A build's progress as vertexes: what clients number and show as steps."""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace

from boxship.base.times import now_ns
from boxship.builder.buildkit.control import (
    Position,
    Range,
    SourceInfo,
    StatusResponse,
    Vertex,
    VertexLog,
    VertexStatus,
    VertexWarning,
    timestamp,
)
from boxship.builder.buildkit.failure import sentence
from boxship.builder.classic import of_stderr
from boxship.builder.dockerfile.lines import Line
from boxship.builder.lint.rule import Finding
from boxship.builder.plan import Plan
from boxship.images import reference as references
from boxship.images.record import ImageRecord

_SHOWN = frozenset(("FROM", "RUN", "COPY", "ADD", "WORKDIR"))
_OF_CONTAINERS = re.compile(r" ---> (?:Running in|Removed intermediate container) [0-9a-f]{12}\n\Z")
_LANGUAGE = "Dockerfile"
_RED, _PLAIN = of_stderr("\0").split("\0")
# As much as BuildKit keeps of what one step says; all steps of a build together, in bytes.
_LOG_LIMIT = 2 << 20
_BUILD_LIMIT = 64 << 20
# What a piece takes in memory beside its text.
_PIECE = 512
# Between two notes of how far something is, in nanoseconds.
_PAUSE = 100_000_000
# Between two batches of news, in seconds: less than anybody sees.
_GATHER = 0.02
_CLIPPED = b"\n[output clipped, log limit 2MiB reached]\n"


class Feed:
    """What clients of one build are told, from its beginning; any number of them may listen."""

    def __init__(self) -> None:
        self.events: list[StatusResponse] = []
        #: Bytes that the logs of its steps may take yet.
        self.room = _BUILD_LIMIT
        self._ended = asyncio.Event()
        self._changed = asyncio.Event()

    def send(self, event: StatusResponse) -> None:
        self.events.append(event)
        self._changed.set()

    def end(self) -> None:
        self._ended.set()
        self._changed.set()

    async def listen(self) -> AsyncIterator[list[StatusResponse]]:
        """All that is new, again and again, until the end. What comes soon after other news waits
        a moment for more: a client takes as long for each batch as the steps of a build that is
        found again."""
        at = 0
        while True:
            if at < len(self.events):
                news, at = self.events[at:], len(self.events)
                yield news
                await self._moment()
            elif self._ended.is_set():
                return
            else:
                changed = self._changed
                await changed.wait()
                if changed is self._changed:
                    self._changed = asyncio.Event()

    async def _moment(self) -> None:
        """A moment, or until the end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GATHER):
                await self._ended.wait()


class Step:
    """One vertex of *feed* while it is worked on, from the beginning or from :meth:`start`."""

    def __init__(
        self,
        feed: Feed,
        name: str,
        inputs: tuple[str, ...] = (),
        seed: str = "",
        *,
        waits: bool = False,
    ) -> None:
        self._feed = feed
        digest = hashlib.sha256(f"{seed}\0{name}".encode("utf-8", "surrogateescape")).hexdigest()
        started = None if waits else timestamp(now_ns())
        self._vertex = Vertex(f"sha256:{digest}", [*inputs], name, started=started)
        self._ended = False
        self._said = 0
        self._is_clipped = False
        self._started: dict[str, int] = {}
        self._told: dict[str, int] = {}
        feed.send(StatusResponse([self._vertex]))

    @property
    def digest(self) -> str:
        return self._vertex.digest

    @property
    def name(self) -> str:
        return self._vertex.name

    @property
    def is_started(self) -> bool:
        return self._vertex.started is not None

    def start(self) -> None:
        if not self.is_started:
            self._vertex = replace(self._vertex, started=timestamp(now_ns()))
            self._feed.send(StatusResponse([self._vertex]))

    def say(self, text: str) -> None:
        self.start()
        is_red = text.startswith(_RED) and text.endswith(_PLAIN)
        if is_red:
            text = text.removeprefix(_RED).removesuffix(_PLAIN)
        data = text.encode("utf-8", "replace")
        if self._is_clipped:
            return
        self._said += len(data)
        self._feed.room -= len(data) + _PIECE
        self._is_clipped = self._said > _LOG_LIMIT or self._feed.room < 0
        if self._is_clipped:
            data = _CLIPPED
        log = VertexLog(self.digest, timestamp(now_ns()), 2 if is_red else 1, data)
        self._feed.send(StatusResponse(logs=[log]))

    def status(self, name: str, current: int = 0, total: int = 0, *, done: bool = False) -> None:
        """How far a part of the work is, in bytes; said now and then, and at the end."""
        now = now_ns()
        if not done and now - self._told.get(name, 0) < _PAUSE:
            return
        self._told[name] = now
        started = self._started.setdefault(name, now)
        told = VertexStatus(
            name,
            self.digest,
            name,
            current,
            total,
            timestamp(now),
            timestamp(started),
            timestamp(now) if done else None,
        )
        self._feed.send(StatusResponse(statuses=[told]))

    def warn(self, text: str) -> None:
        """Something that the client shows at the end."""
        told = VertexWarning(self.digest, 1, text.encode("utf-8", "replace"))
        self._feed.send(StatusResponse(warnings=[told]))

    def find(self, finding: Finding, name: str, text: str) -> None:
        """What a rule has found in *text*, the content of the file *name*."""
        self._feed.send(
            StatusResponse(
                warnings=[
                    VertexWarning(
                        self.digest,
                        1,
                        finding.short.encode("utf-8", "replace"),
                        [finding.rule.description.encode()],
                        finding.rule.url,
                        SourceInfo(name, text.encode("utf-8", "surrogateescape"), b"", _LANGUAGE),
                        [Range(Position(finding.first), Position(finding.last))],
                    )
                ]
            )
        )

    def cached(self) -> None:
        self._vertex = replace(self._vertex, cached=True)

    def end(self, error: str = "") -> None:
        if not self._ended:
            self.start()
            self._ended = True
            self._vertex = replace(self._vertex, completed=timestamp(now_ns()), error=error)
            self._feed.send(StatusResponse([self._vertex]))


class Vertexes:
    """A :class:`~boxship.builder.progress.Progress` that tells a *feed*.

    *platform* is told of where there are several builds. *failed* is the line of the step that
    made the build fail, *failed_vertex* its digest."""

    def __init__(self, feed: Feed, plan: Plan, seed: str, platform: str = "") -> None:
        self._feed = feed
        self._seed = f"{seed}\0{platform}"
        self._platform = platform
        self._names = {stage.number: stage.start.name or "" for stage in plan.needed}
        self._bases = {
            stage.number: references.shown(stage.image) for stage in plan.needed if stage.image
        }
        self._total = {
            stage.number: sum(step.KEYWORD in _SHOWN for step in stage.steps) + bool(stage.image)
            for stage in plan.needed
        }
        self._several = len(plan.stages) > 1
        self._at: dict[int, int] = {}
        self._open: dict[int, Step] = {}
        self._last: dict[int, str] = {}
        self.failed: Line | None = None
        self.failed_vertex = ""

    def begin(self, stage: int, text: str) -> None:
        keyword = text.partition(" ")[0].upper()
        if keyword not in _SHOWN or (keyword == "FROM" and stage not in self._bases):
            return
        self._at[stage] = self._at.get(stage, 0) + 1
        if keyword == "FROM":
            text = f"FROM {self._bases[stage]}"
        inputs = (self._last[stage],) if stage in self._last else ()
        seed = f"{self._seed}\0{stage}"
        waits = keyword != "FROM"
        step = Step(self._feed, f"[{self._where(stage)}] {text}", inputs, seed, waits=waits)
        self._open[stage], self._last[stage] = step, step.digest

    def _where(self, stage: int) -> str:
        name = self._names.get(stage) or (f"stage-{stage}" if self._several else "")
        total = self._total.get(stage, 0)
        number = f"{self._at[stage]:>{len(str(total))}}/{total}"
        return " ".join(word for word in (self._platform, name, number) if word)

    def work(self, stage: int) -> None:
        if stage in self._open:
            self._open[stage].start()

    def triggers(self, stage: int, count: int) -> None:
        self._total[stage] = self._total.get(stage, 0) + count

    def cached(self, stage: int) -> None:
        if stage in self._open:
            self._open[stage].cached()

    def say(self, stage: int, text: str) -> None:
        if stage in self._open and not _OF_CONTAINERS.match(text):
            self._open[stage].say(text)

    async def ready(self) -> None:
        """What is kept of a step's output is bounded anyway."""

    def end(self, stage: int, image: ImageRecord | None) -> None:
        if stage in self._open:
            self._open.pop(stage).end()

    def fail(self, stage: int, line: Line, error: Exception) -> None:
        if self.failed is not None:
            return
        self.failed = line
        step = self._open.pop(stage, None)
        if step is not None:
            self.failed_vertex = step.digest
            step.end(sentence(error))

    def leave(self, stage: int) -> None:
        self.end(stage, None)

    def cancel(self) -> None:
        """The build has ended; so have the steps that were not done."""
        for step in self._open.values():
            if step.is_started:
                step.end("context canceled")
        self._open.clear()
