"""``moby.buildkit.v1.frontend.LLBBridge``: a client drives its build step by step."""

import json
from typing import TYPE_CHECKING

from boxship.builder.buildkit import control
from boxship.builder.buildkit import gateway as messages
from boxship.builder.buildkit.definition import of_image
from boxship.engine.buildkit.build import Build
from boxship.engine.buildkit.builds import Builds, refuse_definition
from boxship.engine.buildkit.built import Built
from boxship.engine.buildkit.control import Control
from boxship.wire.grpc.server import Call, Method, unary
from boxship.wire.grpc.status import Code, GrpcError

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_BUILD_ID = "buildkit-controlapi-buildid"


class Bridge:
    def __init__(self, engine: "Engine", builds: Builds, control: Control) -> None:
        self._engine = engine
        self._builds = builds
        self._control = control

    def methods(self) -> dict[str, Method]:
        """By path."""
        found: dict[str, Method] = {
            "Ping": unary(control.Empty, self._ping),
            "Solve": unary(messages.BridgeSolveRequest, self._solve),
            "Return": unary(messages.ReturnRequest, self._return),
            "Evaluate": unary(control.Empty, self._nothing),
            "Inputs": unary(control.Empty, self._nothing),
            "Warn": unary(messages.WarnRequest, self._nothing),
        }
        return {messages.SERVICE + name: method for name, method in found.items()}

    async def _current(self, call: Call) -> Build:
        name = call.metadata.get(_BUILD_ID, "")
        if not name:
            what = call.path.rpartition("/")[2]
            raise GrpcError(Code.UNKNOWN, f"forwarding {what}: no buildid found in context")
        return await self._builds.get(name)

    async def _nothing(self, request: object, call: Call) -> control.Empty:
        await self._current(call)
        return control.Empty()

    async def _ping(self, request: control.Empty, call: Call) -> messages.PongResponse:
        await self._current(call)
        return messages.PongResponse(
            [messages.Capability(name, True) for name in messages.FRONTEND_CAPABILITIES],
            [messages.Capability(name, True) for name in messages.DEFINITION_CAPABILITIES],
            [self._control.worker()],
        )

    async def _solve(
        self, request: messages.BridgeSolveRequest, call: Call
    ) -> messages.BridgeSolveResponse:
        build = await self._current(call)
        if not request.frontend:
            refuse_definition(request.definition)
            return messages.BridgeSolveResponse(result=messages.Result())
        if request.frontend_opt.get("requestid"):
            told = await self._builds.answer(build, request.asked)
            return messages.BridgeSolveResponse(result=messages.Result(metadata=told))
        results = await self._builds.solve(build, request.asked)
        return messages.BridgeSolveResponse(result=_result(build, results))

    async def _return(self, request: messages.ReturnRequest, call: Call) -> control.Empty:
        build = await self._current(call)
        if build.returned.done():
            return control.Empty()
        if request.error is not None and request.error.code:
            status = request.error
            error = GrpcError(status.code, status.message, status.details)
            build.returned.set_exception(error)
        else:
            result = request.result
            build.returned.set_result(result.references() if result is not None else [])
        return control.Empty()


def _result(build: Build, results: list[Built]) -> messages.Result:
    refs = {
        built.platform: messages.Ref(build.keep(built), of_image(built.image.id))
        for built in results
    }
    if "" in refs:
        return messages.Result(ref=refs[""])
    rows = [{"ID": built.platform, "Platform": built.image.platform.as_oci()} for built in results]
    metadata = {messages.PLATFORMS: json.dumps({"Platforms": rows}).encode()}
    return messages.Result(refs=messages.RefMap(refs), metadata=metadata)
