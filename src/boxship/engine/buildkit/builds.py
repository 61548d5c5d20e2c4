"""Builds while their client is there: found by its reference, driven by several of its calls."""

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING

from boxship.base.times import now_ns
from boxship.builder.buildkit import attributes
from boxship.builder.buildkit.control import HistoryRecord, SolveRequest, timestamp
from boxship.builder.buildkit.definition import image_in
from boxship.builder.buildkit.vertexes import Feed
from boxship.engine.buildkit.built import Built
from boxship.engine.buildkit.contexts import KeptContexts
from boxship.engine.buildkit.frontend import Frontend
from boxship.engine.buildkit.sessions import Sessions
from boxship.wire.grpc.status import Code, GrpcError, Status

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_PATIENCE = 5.0
_REMEMBERED = 50
_LONG = 1 << 16
# How long a client may take to ask how a build went that was over at once.
_LATE = 10.0


def _short(attrs: Mapping[str, str]) -> dict[str, str]:
    """*attrs* for the memory of past builds, without values that are for nobody to read."""
    return {name: value for name, value in attrs.items() if len(value) < _LONG}


class Build:
    """*results* by the references that the client was given; *returned*: those that the client
    named at last, when it drives the build itself."""

    def __init__(self, request: SolveRequest) -> None:
        self.request = request
        self.feed = Feed()
        self.results: dict[str, Built] = {}
        self.returned: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self.began = now_ns()
        #: Whether the client has asked something of the file, which has no result.
        self.answered = False

    def keep(self, built: Built) -> str:
        """A new reference to *built*."""
        name = secrets.token_hex(12)
        self.results[name] = built
        return name


class Builds:
    """Those that run, and the last ones that have ended."""

    def __init__(self, engine: "Engine", sessions: Sessions) -> None:
        self._engine = engine
        self._sessions = sessions
        self.contexts = KeptContexts(engine.options.data_root / "build" / "contexts")
        self._running: dict[str, Build] = {}
        self._ended: dict[str, Feed] = {}
        self._changed = asyncio.Event()
        self.history: deque[HistoryRecord] = deque(maxlen=_REMEMBERED)

    @contextlib.contextmanager
    def opened(self, request: SolveRequest) -> Iterator[Build]:
        """The build that *request* begins, for others to find while this lasts."""
        if request.ref in self._running:
            raise GrpcError(Code.UNKNOWN, f"job ID {request.ref} exists")
        build = self._running[request.ref] = Build(request)
        self._wake()
        try:
            yield build
        finally:
            build.feed.end()
            self._running.pop(request.ref, None)
            self._ended[request.ref] = build.feed
            asyncio.get_running_loop().call_later(_LATE, self._ended.pop, request.ref, None)
            if not build.returned.cancel() and not build.returned.cancelled():
                # What nobody waited for is no news.
                build.returned.exception()

    async def get(self, ref: str) -> Build:
        """The build *ref*, which may be about to begin."""
        await self._begun(ref)
        if ref not in self._running:
            raise GrpcError(Code.UNKNOWN, f"no such job {ref}")
        return self._running[ref]

    async def _begun(self, ref: str) -> None:
        """Wait until the build *ref* is there, or was: some are over at once."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while ref not in self._running and ref not in self._ended:
                    await self._changed.wait()
        except TimeoutError:
            raise GrpcError(Code.UNKNOWN, f"no such job {ref}") from None

    async def feed(self, ref: str) -> Feed:
        """What is told of the build *ref*, which may have ended just before."""
        await self._begun(ref)
        return self._running[ref].feed if ref in self._running else self._ended[ref]

    def running(self) -> list[HistoryRecord]:
        return [self.record(build) for build in self._running.values() if build.request.frontend]

    def record(
        self,
        build: Build,
        error: Status | None = None,
        response: Mapping[str, str] | None = None,
        ended: int = 0,
    ) -> HistoryRecord:
        request = build.request
        return HistoryRecord(
            request.ref,
            request.frontend,
            _short(request.frontend_attrs),
            request.wanted(),
            error,
            timestamp(build.began),
            timestamp(ended),
            dict(response or {}),
        )

    async def solve(
        self,
        build: Build,
        frontend: str,
        attrs: Mapping[str, str],
        inputs: Mapping[str, bytes],
    ) -> list[Built]:
        """Carry out what *attrs* say; *inputs* are results of other builds. GrpcError."""
        async with self._front(build, frontend, attrs, inputs) as (front, request):
            built = await front.solve(request)
        await self._engine.building.collect()
        return built

    async def answer(
        self,
        build: Build,
        frontend: str,
        attrs: Mapping[str, str],
        inputs: Mapping[str, bytes],
    ) -> dict[str, bytes]:
        """What *attrs* ask of a Dockerfile that is not to be built. GrpcError."""
        build.answered = True
        async with self._front(build, frontend, attrs, inputs) as (front, request):
            return await front.answer(request)

    @contextlib.asynccontextmanager
    async def _front(
        self,
        build: Build,
        frontend: str,
        attrs: Mapping[str, str],
        inputs: Mapping[str, bytes],
    ) -> AsyncIterator[tuple[Frontend, attributes.Request]]:
        images = {name: image_in(definition) for name, definition in inputs.items()}
        request = attributes.read(frontend, attrs, images)
        session = await self._sessions.get(build.request.session)
        with self._engine.images.staging() as directory:
            cache = build.request.cache
            front = Frontend(
                self._engine,
                self.contexts,
                session,
                build.feed,
                build.request.ref,
                directory,
                travels=cache is not None and bool(cache.exports),
            )
            try:
                yield front, request
            except OSError as error:
                # A full disk, as a rule: said in words.
                reason = (error.strerror or str(error)).lower()
                raise GrpcError(Code.UNKNOWN, reason) from None

    def _wake(self) -> None:
        event, self._changed = self._changed, asyncio.Event()
        event.set()
