"""``moby.buildkit.v1.Control``: builds and their progress, workers, the cache, past builds."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError
from boxship.base.times import now_ns
from boxship.builder.buildkit import control as messages
from boxship.builder.buildkit import history
from boxship.builder.buildkit.vertexes import Step
from boxship.builder.usage import MOUNT, Usage
from boxship.engine.building import emulation
from boxship.engine.building.building import Sources
from boxship.engine.buildkit import cache_exports, exporters
from boxship.engine.buildkit.build import Build
from boxship.engine.buildkit.builds import Builds, refuse_definition
from boxship.engine.buildkit.built import Built
from boxship.engine.buildkit.sessions import Sessions
from boxship.wire.grpc.server import Call, Method, unary
from boxship.wire.grpc.status import Code, GrpcError, Status, status_for

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_VERSION = messages.BuildkitVersion("boxship.org/boxship", "v0.13.1", "")


class Control:
    def __init__(self, engine: "Engine", sessions: Sessions, builds: Builds) -> None:
        self._engine = engine
        self._sessions = sessions
        self._builds = builds

    def methods(self) -> dict[str, Method]:
        """By path."""
        found: dict[str, Method] = {
            "Info": unary(messages.Empty, self._info),
            "ListWorkers": unary(messages.Empty, self._workers),
            "Solve": unary(messages.SolveRequest, self._solve),
            "Status": self._status,
            "DiskUsage": unary(messages.DiskUsageRequest, self._disk_usage),
            "Prune": self._prune,
            "ListenBuildHistory": self._listen,
            "UpdateBuildHistory": unary(history.UpdateHistoryRequest, self._update),
        }
        return {messages.SERVICE + name: method for name, method in found.items()}

    async def _info(self, request: messages.Empty, call: Call) -> messages.InfoResponse:
        return messages.InfoResponse(_VERSION)

    async def _workers(self, request: messages.Empty, call: Call) -> messages.ListWorkersResponse:
        return messages.ListWorkersResponse([self.worker()])

    def worker(self) -> messages.WorkerRecord:
        served = [
            messages.Platform(one.architecture, one.os, one.variant) for one in emulation.served()
        ]
        # By the snapshotter's label clients know that archives, caches and several platforms work.
        labels = {
            "org.mobyproject.buildkit.worker.executor": "boxship",
            "org.mobyproject.buildkit.worker.snapshotter": self._engine.images.driver,
        }
        return messages.WorkerRecord(self._engine.daemon_id, labels, served, _VERSION)

    # builds

    async def _solve(self, request: messages.SolveRequest, call: Call) -> messages.SolveResponse:
        return messages.SolveResponse(await self.solve(request))

    async def solve(
        self, request: messages.SolveRequest, sources: Sources | None = None
    ) -> dict[str, str]:
        """What the client is told of the results. *sources*: the context :data:`POSTED`, which
        stays the caller's. GrpcError, BoxshipError."""
        with self._builds.opened(request, sources) as build:
            try:
                response = await self._build(build)
            except (GrpcError, BoxshipError) as error:
                self._builds.remember(build, status_for(error), {})
                raise
            except asyncio.CancelledError:
                self._builds.remember(build, Status(Code.CANCELLED, "context canceled"), {})
                raise
            self._builds.remember(build, None, response)
            return response

    async def _build(self, build: Build) -> dict[str, str]:
        request = build.request
        wanted = request.cache.exports if request.cache is not None else []
        cache_exports.check(wanted)
        exporters.check(request.wanted())
        results = await self._results(build)
        if not results:
            if request.wanted() and not build.answered:
                raise GrpcError(Code.UNKNOWN, "the build has no result to export")
            return {}
        session = await self._sessions.get(request.session)

        def begin(name: str, number: int = 0) -> Step:
            return Step(build.feed, name, seed=f"{request.ref}\0{number}")

        if any(one.type == cache_exports.INLINE for one in wanted):
            results = await cache_exports.with_inline(self._engine, results, begin)
        response: dict[str, str] = {}
        for number, exporter in enumerate(request.wanted()):
            told, documents = await exporters.export(
                self._engine,
                exporter,
                results,
                session.for_output(number),
                partial(begin, number=number),
            )
            response |= told
            if documents:
                build.exported[number] = documents
        for number, one in enumerate(wanted):
            steps = partial(begin, number=number)
            response |= await cache_exports.export(self._engine, one, results, session, steps)
        return response

    async def _results(self, build: Build) -> list[Built]:
        request = build.request
        if request.frontend:
            return await self._builds.solve(build, request.asked)
        refuse_definition(request.definition)
        return [build.results[name] for name in await build.returned if name in build.results]

    async def _status(self, call: Call) -> None:
        request = await call.receive(messages.StatusRequest)
        call.start()
        ref = request.ref if request is not None else ""
        async for news in await self._builds.told(ref):
            await call.send_encoded(news)

    # the cache

    async def _disk_usage(
        self, request: messages.DiskUsageRequest, call: Call
    ) -> messages.DiskUsageResponse:
        found = await self._engine.building.usage(request.filter)
        return messages.DiskUsageResponse([_record(one) for one in found])

    async def _prune(self, call: Call) -> None:
        request = await call.receive(messages.PruneRequest) or messages.PruneRequest()
        building = self._engine.building
        before = await building.usage(request.filter)
        until = now_ns() - request.keep_duration if request.keep_duration else 0
        keep = max(request.keep_bytes, request.max_used)
        await building.prune(request.all, keep, until, request.filter)
        left = {one.id for one in await building.usage(request.filter)}
        call.start()
        for one in before:
            if one.id not in left:
                await call.send(_record(one))

    # past builds

    async def _listen(self, call: Call) -> None:
        request = await call.receive(history.HistoryRequest) or history.HistoryRequest()
        chooses = history.chooser(request.filter)
        with self._builds.history.listener() as listener:
            found = await self._past(request, chooses)
            call.start()
            for event in found:
                await call.send(event)
            if request.early_exit:
                return
            async for event in listener.events():
                if event.record is not None and request.ref in ("", event.record.ref):
                    await call.send(event)

    async def _past(
        self, request: history.HistoryRequest, chooses: history.Chooses
    ) -> list[history.HistoryEvent]:
        """Running builds, then those that have ended; the newest ones where there is a limit."""
        rows = [(history.STARTED, record) for record in self._builds.running()]
        if not request.active_only:
            ended = await self._builds.history.records()
            rows += [(history.COMPLETE, record) for record in ended]
        rows = [row for row in rows if request.ref in ("", row[1].ref) and chooses(row[1])]
        if request.limit > 0:
            rows.sort(key=lambda row: row[1].began(), reverse=True)
            del rows[request.limit :]
        return [history.HistoryEvent(kind, record) for kind, record in rows]

    async def _update(self, request: history.UpdateHistoryRequest, call: Call) -> messages.Empty:
        await self._builds.history.update(request)
        return messages.Empty()


def _record(usage: Usage) -> messages.UsageRecord:
    return messages.UsageRecord(
        id=usage.id,
        mutable=usage.kind == MOUNT,
        in_use=usage.in_use,
        size=usage.size,
        created_at=messages.timestamp(usage.created or usage.used),
        last_used_at=messages.timestamp(usage.used),
        usage_count=usage.uses,
        description=usage.description,
        record_type=usage.kind,
        shared=usage.shared,
    )
