"""Builds while their client is there: found by its reference, driven by several of its calls."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from boxship.base.errors import NotSupported
from boxship.base.times import now_ns
from boxship.builder.buildkit import attributes
from boxship.builder.buildkit.control import Asked, SolveRequest, merged
from boxship.builder.buildkit.definition import image_in
from boxship.builder.buildkit.history import HistoryRecord
from boxship.builder.buildkit.vertexes import Feed
from boxship.engine.building.building import Sources
from boxship.engine.buildkit import remembered
from boxship.engine.buildkit.build import Build
from boxship.engine.buildkit.built import Built
from boxship.engine.buildkit.contexts import KeptContexts
from boxship.engine.buildkit.frontend import Frontend
from boxship.engine.buildkit.history import History
from boxship.engine.buildkit.sessions import Sessions
from boxship.wire.grpc.status import Code, GrpcError, Status

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_PATIENCE = 5.0
_LONGEST_REF = 256
# How long a client may take to ask how a build went that was over at once.
_LATE = 10.0


class Builds:
    """Those that run, and the last ones that have ended."""

    def __init__(self, engine: "Engine", sessions: Sessions) -> None:
        self._engine = engine
        self._sessions = sessions
        self.contexts = KeptContexts(engine.options.data_root / "build" / "contexts")
        self._running: dict[str, Build] = {}
        self._ended: dict[str, Feed] = {}
        self._changed = asyncio.Event()
        self.history = History(engine.options.data_root / "build" / "history")

    @contextlib.contextmanager
    def opened(self, request: SolveRequest, sources: Sources | None = None) -> Iterator[Build]:
        """The build that *request* begins, for others to find while this lasts. *sources*: see
        :class:`Build`."""
        if len(request.ref) > _LONGEST_REF:
            raise GrpcError(Code.INVALID_ARGUMENT, "the build's reference is too long")
        if request.ref in self._running:
            raise GrpcError(Code.UNKNOWN, f"job ID {request.ref} exists")
        build = self._running[request.ref] = Build(request, sources)
        self._wake()
        if not request.internal:
            self.history.begin(remembered.running(build))
        try:
            yield build
        finally:
            build.feed.end()
            for machine in build.machines:
                self._engine.building.release(machine)
            self._running.pop(request.ref, None)
            self._ended[request.ref] = build.feed
            asyncio.get_running_loop().call_later(_LATE, self._forget, request.ref, build.feed)
            if not build.returned.cancel() and not build.returned.cancelled():
                # What nobody waited for is no news.
                build.returned.exception()

    def _forget(self, ref: str, feed: Feed) -> None:
        """A build of the same name may have ended since then: its clients are late too."""
        if self._ended.get(ref) is feed:
            del self._ended[ref]

    async def get(self, ref: str) -> Build:
        """The build *ref*, which may be about to begin."""
        await self._begun(ref)
        if ref not in self._running:
            raise GrpcError(Code.NOT_FOUND, f"no such job {ref}")
        return self._running[ref]

    async def _begun(self, ref: str) -> None:
        """Wait until the build *ref* is there, or was: some are over at once."""
        if ref in self._running:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                while ref not in self._running and ref not in self._ended:
                    await self._changed.wait()
        except TimeoutError:
            raise GrpcError(Code.NOT_FOUND, f"no such job {ref}") from None

    async def feed(self, ref: str) -> Feed:
        """What is told of the build *ref*, which may have ended just before."""
        await self._begun(ref)
        return self._running[ref].feed if ref in self._running else self._ended[ref]

    async def told(self, ref: str) -> AsyncIterator[list[bytes]]:
        """The same, encoded; also of a build of long ago."""
        if ref not in self._running and ref not in self._ended:
            past = await self.history.told(ref)
            if past is not None:
                return past
        return _encoded(await self.feed(ref))

    def running(self) -> list[HistoryRecord]:
        builds = self._running.values()
        return [remembered.running(build) for build in builds if not build.request.internal]

    def remember(self, build: Build, error: Status | None, response: Mapping[str, str]) -> None:
        """*build* has ended."""
        if not build.request.internal:
            self.history.keep(partial(remembered.ended, build, error, response, now_ns()))

    async def solve(self, build: Build, asked: Asked) -> list[Built]:
        """Carry it out. GrpcError."""
        async with self._front(build, asked) as (front, request):
            build.machines = front.machines
            built = await front.solve(request)
        build.materials, build.built = [*front.materials.values()], built
        await self._engine.building.collect()
        return built

    async def answer(self, build: Build, asked: Asked) -> dict[str, bytes]:
        """What is asked of a Dockerfile that is not to be built. GrpcError."""
        build.answered = True
        async with self._front(build, asked) as (front, request):
            return await front.answer(request)

    @contextlib.asynccontextmanager
    async def _front(
        self, build: Build, asked: Asked
    ) -> AsyncIterator[tuple[Frontend, attributes.Request]]:
        images = {name: image_in(definition) for name, definition in asked.inputs.items()}
        request = attributes.read(asked.frontend, asked.attrs, images)
        session = await self._sessions.get(build.request.session)
        cache = build.request.cache
        stack = contextlib.ExitStack()
        try:
            front = Frontend(
                self._engine,
                self.contexts,
                session,
                build.feed,
                build.request.ref,
                stack.enter_context(self._engine.images.staging()),
                travels=cache is not None and bool(cache.exports),
                posted=build.sources,
            )
            yield front, request
        except OSError as error:
            # A full disk, as a rule: said in words.
            reason = (error.strerror or str(error)).lower()
            raise GrpcError(Code.UNKNOWN, reason) from None
        finally:
            # A disk may take longer over it than the client, who is told of the result first.
            asyncio.get_running_loop().call_later(0, stack.close)

    def _wake(self) -> None:
        event, self._changed = self._changed, asyncio.Event()
        event.set()


def refuse_definition(definition: bytes) -> None:
    """:class:`NotSupported` for builds of graphs that a client has made by itself."""
    if definition:
        raise NotSupported("builds of raw definitions are not supported: use a Dockerfile")


async def _encoded(feed: Feed) -> AsyncIterator[list[bytes]]:
    async for news in feed.listen():
        for status in merged(news):
            yield [status.encode()]
