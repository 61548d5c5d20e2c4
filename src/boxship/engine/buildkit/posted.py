"""Builds by BuildKit that ``POST /build?version=2`` asks for: the context in the body or at the
client's session, and progress in the answer (moby, ``daemon/internal/builder-next/builder.go``)."""

import asyncio
import base64
import contextlib
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from boxship.base.errors import Internal
from boxship.builder.buildkit.control import (
    CacheOptions,
    Exporter,
    SolveRequest,
    StatusResponse,
    merged,
)
from boxship.engine.building.building import Sources
from boxship.engine.buildkit.builds import Builds
from boxship.engine.buildkit.control import Control
from boxship.engine.buildkit.definitions import POSTED
from boxship.engine.buildkit.no_session import NoSession
from boxship.engine.buildkit.sessions import Client, Sessions
from boxship.engine.sharing.messages import Message, Reporter
from boxship.registry.credentials import Credentials
from boxship.wire.grpc.status import GrpcError

_FRONT_END = "dockerfile.v0"
# How long a build and the request that brings its context wait for each other.
_PATIENCE_SECONDS = 5.0
_LATE = "context deadline exceeded"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PostedBuild:
    """A build as the query says it: BuildKit's front end *attributes* and *exporters*. *session* is
    the client's, empty for none; *sources* came in the body, or another request with the same
    *build_id* brings them if the build *awaits_context*. *known*: credentials of a client without
    a session."""

    attributes: Mapping[str, str]
    exporters: Sequence[Exporter]
    session: str = ""
    build_id: str = ""
    sources: Sources | None = None
    awaits_context: bool = False
    with_inline_cache: bool = False
    quiet: bool = False
    known: Mapping[str, Credentials] = field(default_factory=dict)


class _Job:
    """What the requests with one build ID have in common."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        #: Done when the build has begun.
        self.awaited: asyncio.Future[None] = loop.create_future()
        #: Done when the request with the context is there; its result ends with that context.
        self.offered: asyncio.Future[asyncio.Future[Sources]] = loop.create_future()
        self.solving: asyncio.Future[dict[str, str]] | None = None
        self.is_over = False

    async def context(self) -> Sources:
        """The context that another request brings; it is closed when the build is over."""
        if not self.awaited.done():
            self.awaited.set_result(None)
        received = await _within(self.offered)
        try:
            return await asyncio.shield(received)
        except asyncio.CancelledError:
            if received.cancelled():
                raise Internal("the client left before the context was here") from None
            raise

    def end(self) -> None:
        self.is_over = True
        if self.offered.done() and not self.offered.cancelled():
            self.offered.result().add_done_callback(_close)


class PostedBuilds:
    """The builds of this kind that run, by the IDs that their clients chose."""

    def __init__(self, sessions: Sessions, builds: Builds, control: Control) -> None:
        self._sessions = sessions
        self._builds = builds
        self._control = control
        self._jobs: dict[str, _Job] = {}

    def build(self, posted: PostedBuild) -> AsyncGenerator[Message, None]:
        """Messages of the progress stream. Closing the iterator ends the build."""
        return Reporter().run(lambda reporter: self._build(posted, reporter))

    async def hand_in(self, build_id: str, receive: Callable[[], Awaitable[Sources]]) -> None:
        """Let the build *build_id* have the context that *receive* returns. :class:`Internal` if
        no such build awaits one."""
        job = self._job(build_id)
        try:
            await _within(job.awaited)
            if job.offered.done() or job.is_over:
                raise Internal(f"the build {build_id} awaits no context")
            received = asyncio.ensure_future(receive())
            job.offered.set_result(received)
            await received
        finally:
            if not job.awaited.done():
                self._forget(build_id, job)

    def cancel(self, build_id: str) -> None:
        """End the build *build_id*, if there is one."""
        job = self._jobs.get(build_id)
        if job is not None and job.solving is not None:
            job.solving.cancel()

    def _job(self, build_id: str) -> _Job:
        return self._jobs.setdefault(build_id, _Job()) if build_id else _Job()

    def _forget(self, build_id: str, job: _Job) -> None:
        if self._jobs.get(build_id) is job:
            del self._jobs[build_id]

    async def _build(self, posted: PostedBuild, reporter: Reporter) -> None:
        job, sources = self._job(posted.build_id), posted.sources
        name = secrets.token_hex(16)
        with contextlib.ExitStack() as stack:
            stack.callback(self._forget, posted.build_id, job)
            stack.callback(job.end)
            if posted.awaits_context:
                sources = await job.context()
            if sources is not None and sources.upload is not None:
                stack.callback(sources.upload.close)
            client = await self._client(posted)
            stack.enter_context(self._sessions.introduced(name, client))
            request = _request(name, posted, sources is not None)
            job.solving = asyncio.ensure_future(self._control.solve(request, sources))
            try:
                answer = await self._follow(posted, job.solving, name, reporter)
            except GrpcError as error:
                raise Internal(error.status.message) from None
            finally:
                job.solving.cancel()
                await asyncio.gather(job.solving, return_exceptions=True)
        _tell(posted, answer, reporter)

    async def _client(self, posted: PostedBuild) -> Client:
        """The client's session; a build that needs nothing of a session does without one."""
        if posted.session:
            with contextlib.suppress(GrpcError):
                return await self._sessions.get(posted.session)
        return NoSession(posted.session, posted.known)

    async def _follow(
        self,
        posted: PostedBuild,
        solving: "asyncio.Future[dict[str, str]]",
        name: str,
        reporter: Reporter,
    ) -> dict[str, str]:
        """Tell of the build *name* until it has ended; what a quiet build says is told only if it
        fails."""
        feed = await self._builds.feed(name)
        async for news in feed.listen():
            if not posted.quiet:
                for told in merged(news):
                    reporter.send(_trace(told))
                    await reporter.room()
        try:
            return await solving
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise Internal("context canceled") from None
        except Exception:
            for told in merged(feed.events) if posted.quiet else ():
                reporter.send(_trace(told))
            raise


def _request(name: str, posted: PostedBuild, has_sources: bool) -> SolveRequest:
    attributes = dict(posted.attributes)
    if has_sources:
        attributes["context"] = POSTED
    inline = CacheOptions(exports=[Exporter("inline")])
    return SolveRequest(
        ref=name,
        session=name,
        frontend=_FRONT_END,
        frontend_attrs=attributes,
        exporters=[*posted.exporters],
        cache=inline if posted.with_inline_cache else None,
    )


def _trace(told: StatusResponse) -> Message:
    return {"id": "moby.buildkit.trace", "aux": base64.b64encode(told.encode()).decode()}


def _tell(posted: PostedBuild, answer: Mapping[str, str], reporter: Reporter) -> None:
    """Name the image that has come out, if one has."""
    if not any(one.type in ("moby", "image") for one in posted.exporters):
        image = ""
    else:
        image = answer.get("containerimage.config.digest", "")
    if posted.quiet:
        reporter.send({"stream": f"{image}\n"})
    elif image:
        reporter.send({"id": "moby.image.id", "aux": {"ID": image}})


def _close(received: "asyncio.Future[Sources]") -> None:
    if not received.cancelled() and received.exception() is None:
        upload = received.result().upload
        if upload is not None:
            upload.close()


async def _within(future: "asyncio.Future[T]") -> T:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await asyncio.shield(future)
    except TimeoutError:
        raise Internal(_LATE) from None
