"""All that BuildKit's clients find on their connections to the engine."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from boxship.builder.buildkit.control import Empty
from boxship.engine.buildkit.bridge import Bridge
from boxship.engine.buildkit.builds import Builds
from boxship.engine.buildkit.content import Content
from boxship.engine.buildkit.control import Control
from boxship.engine.buildkit.local_builds import LocalBuilds
from boxship.engine.buildkit.posted import PostedBuilds
from boxship.engine.buildkit.session_calls import SESSION, serve_session
from boxship.engine.buildkit.sessions import Sessions, connect
from boxship.wire.grpc.server import Call, GrpcServer, Method, unary
from boxship.wire.hijack import HijackedConnection
from boxship.wire.protobuf import Message, integer

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_HEALTH, _SERVING = "/grpc.health.v1.Health/Check", 1
_TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


class BuildkitServices:
    """*sessions* are those of all connections."""

    def __init__(self, engine: "Engine") -> None:
        self.sessions = Sessions()
        self.builds = Builds(engine, self.sessions)
        control = Control(engine, self.sessions, self.builds)
        bridge = Bridge(engine, self.builds, control)
        self._methods: dict[str, Method] = {
            **control.methods(),
            **bridge.methods(),
            **Content(self.builds.history).methods(),
            _TRACES: _ignored,
            _HEALTH: unary(Empty, _healthy),
        }
        self.local = LocalBuilds(self.sessions, self.builds, control)
        self.posted = PostedBuilds(self.sessions, self.builds, control)
        self._serving: dict[asyncio.Task[None], GrpcServer] = {}

    async def serve(self, hijacked: HijackedConnection) -> None:
        """Answer calls on a connection until the client has left."""
        sock, received = hijacked.detach_socket()
        session = partial(serve_session, self.sessions, hijacked.peer)
        server = GrpcServer(self._methods | {SESSION: session})
        await connect(sock, received, server.connection)
        task = asyncio.current_task()
        assert task is not None
        self._serving[task] = server
        try:
            await server.serve()
        finally:
            self._serving.pop(task)

    async def close(self) -> None:
        """End every build, with everything that it started."""
        await self.local.close()
        for server in self._serving.values():
            server.connection.close()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self.builds.history.close()


@dataclass
class _Health(Message):
    """``grpc.health.v1.HealthCheckResponse``."""

    status: int = integer(1)


async def _healthy(request: Empty, call: Call) -> _Health:
    return _Health(_SERVING)


async def _ignored(call: Call) -> None:
    """Traces are taken, and nothing is done with them."""
    await call.receive(Empty)
    await call.send(Empty())
