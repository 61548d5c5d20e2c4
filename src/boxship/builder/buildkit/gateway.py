"""Messages of ``moby.buildkit.v1.frontend.LLBBridge``, by which clients drive a build."""

from dataclasses import dataclass

from boxship.builder.buildkit.control import Asked, Exporter, WorkerRecord
from boxship.builder.buildkit.definition import Definition
from boxship.wire.grpc.status import Status
from boxship.wire.protobuf import (
    BYTES,
    STRING,
    Message,
    blob,
    boolean,
    integer,
    many,
    mapping,
    message,
    string,
)

SERVICE = "/moby.buildkit.v1.frontend.LLBBridge/"
# What clients may count on; every other capability that they know of counts as missing.
FRONTEND_CAPABILITIES = (
    "frontend.inputs",
    "gateway.evaluate",
    "gateway.solve.evaluate",
    "gateway.warnings",
    "importcaches",
    "proto.refarray",
    "reference.output",
    "resolveimage",
    "resolveimage.resolvemode",
    "return",
    "returnmap",
    "solve.base",
    "solve.inlinereturn",
)
# Metadata of a result: which of its references is for which platform.
PLATFORMS = "refs.platforms"
DEFINITION_CAPABILITIES = ("exporter.multiple", "exporter.sourcedateepoch")


@dataclass
class Capability(Message):
    id: str = string(1)
    enabled: bool = boolean(2)


@dataclass
class PongResponse(Message):
    frontend: list[Capability] = many(1, Capability)
    definitions: list[Capability] = many(2, Capability)
    workers: list[WorkerRecord] = many(3, WorkerRecord)


@dataclass
class BridgeSolveRequest(Message):
    definition: bytes = blob(1)
    frontend: str = string(2)
    frontend_opt: dict[str, str] = mapping(3, STRING)
    cache_imports: list[Exporter] = many(12, Exporter)
    frontend_inputs: dict[str, bytes] = mapping(13, BYTES)

    @property
    def asked(self) -> Asked:
        return Asked(self.frontend, self.frontend_opt, self.frontend_inputs)


@dataclass
class Ref(Message):
    id: str = string(1)
    definition: Definition | None = message(2, Definition)


@dataclass
class RefMap(Message):
    refs: dict[str, Ref] = mapping(1, Ref)


@dataclass
class Result(Message):
    deprecated_ref: str = string(1)
    ref: Ref | None = message(3, Ref)
    refs: RefMap | None = message(4, RefMap)
    metadata: dict[str, bytes] = mapping(10, BYTES)

    def references(self) -> list[str]:
        """Those that it is about: several when there are several platforms."""
        if self.refs is not None and self.refs.refs:
            return [ref.id for ref in self.refs.refs.values()]
        one = self.ref.id if self.ref is not None else self.deprecated_ref
        return [one] if one else []


@dataclass
class BridgeSolveResponse(Message):
    ref: str = string(1)
    result: Result | None = message(3, Result)


@dataclass
class ReturnRequest(Message):
    result: Result | None = message(1, Result)
    error: Status | None = message(2, Status)


@dataclass
class WarnRequest(Message):
    digest: str = string(1)
    level: int = integer(2)
    short: bytes = blob(3)
    detail: list[bytes] = many(4, BYTES)
