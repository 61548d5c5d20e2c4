"""Messages of ``moby.buildkit.v1.Control``: builds, their progress, workers, cache records."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

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

SERVICE = "/moby.buildkit.v1.Control/"
_SECOND = 1_000_000_000
# Bytes of texts in one message of progress; many clients take no more than 4 MiB.
_LARGE = 1 << 20


@dataclass
class Empty(Message):
    """A message without fields, or whose fields do not matter here."""


@dataclass
class Timestamp(Message):
    seconds: int = integer(1)
    nanos: int = integer(2)


def timestamp(moment: int) -> Timestamp | None:
    """*moment* in nanoseconds since 1970; none for 0."""
    return Timestamp(moment // _SECOND, moment % _SECOND) if moment else None


@dataclass
class Platform(Message):
    architecture: str = string(1)
    os: str = string(2)
    variant: str = string(3)


@dataclass
class BuildkitVersion(Message):
    package: str = string(1)
    version: str = string(2)
    revision: str = string(3)


@dataclass
class WorkerRecord(Message):
    id: str = string(1)
    labels: dict[str, str] = mapping(2, STRING)
    platforms: list[Platform] = many(3, Platform)
    version: BuildkitVersion | None = message(5, BuildkitVersion)


@dataclass
class ListWorkersResponse(Message):
    records: list[WorkerRecord] = many(1, WorkerRecord)


@dataclass
class InfoResponse(Message):
    version: BuildkitVersion | None = message(1, BuildkitVersion)


@dataclass
class Exporter(Message):
    type: str = string(1)
    attrs: dict[str, str] = mapping(2, STRING)


@dataclass
class CacheOptions(Message):
    exports: list[Exporter] = many(4, Exporter)
    imports: list[Exporter] = many(5, Exporter)


@dataclass(frozen=True, slots=True)
class Asked:
    """A client's words: the front end, its attributes, and definitions as *inputs* by name."""

    frontend: str
    attrs: Mapping[str, str]
    inputs: Mapping[str, bytes]


@dataclass
class SolveRequest(Message):
    """*exporter* and its attributes are how older clients say what *exporters* says."""

    ref: str = string(1)
    definition: bytes = blob(2)
    exporter: str = string(3)
    exporter_attrs: dict[str, str] = mapping(4, STRING)
    session: str = string(5)
    frontend: str = string(6)
    frontend_attrs: dict[str, str] = mapping(7, STRING)
    cache: CacheOptions | None = message(8, CacheOptions)
    entitlements: list[str] = many(9, STRING)
    frontend_inputs: dict[str, bytes] = mapping(10, BYTES)
    internal: bool = boolean(11)
    exporters: list[Exporter] = many(13, Exporter)

    def wanted(self) -> list[Exporter]:
        if self.exporters or not self.exporter:
            return self.exporters
        return [Exporter(self.exporter, self.exporter_attrs)]

    @property
    def asked(self) -> Asked:
        return Asked(self.frontend, self.frontend_attrs, self.frontend_inputs)


@dataclass
class SolveResponse(Message):
    exporter_response: dict[str, str] = mapping(1, STRING)


@dataclass
class StatusRequest(Message):
    ref: str = string(1)


@dataclass
class Vertex(Message):
    digest: str = string(1)
    inputs: list[str] = many(2, STRING)
    name: str = string(3)
    cached: bool = boolean(4)
    started: Timestamp | None = message(5, Timestamp)
    completed: Timestamp | None = message(6, Timestamp)
    error: str = string(7)


@dataclass
class VertexStatus(Message):
    id: str = string(1)
    vertex: str = string(2)
    name: str = string(3)
    current: int = integer(4)
    total: int = integer(5)
    timestamp: Timestamp | None = message(6, Timestamp)
    started: Timestamp | None = message(7, Timestamp)
    completed: Timestamp | None = message(8, Timestamp)


@dataclass
class VertexLog(Message):
    vertex: str = string(1)
    timestamp: Timestamp | None = message(2, Timestamp)
    stream: int = integer(3)
    msg: bytes = blob(4)


@dataclass
class SourceInfo(Message):
    filename: str = string(1)
    data: bytes = blob(2)
    definition: bytes = blob(3)
    language: str = string(4)


@dataclass
class Position(Message):
    line: int = integer(1)
    character: int = integer(2)


@dataclass
class Range(Message):
    start: Position | None = message(1, Position)
    end: Position | None = message(2, Position)


@dataclass
class VertexWarning(Message):
    vertex: str = string(1)
    level: int = integer(2)
    short: bytes = blob(3)
    detail: list[bytes] = many(4, BYTES)
    url: str = string(5)
    info: SourceInfo | None = message(6, SourceInfo)
    ranges: list[Range] = many(7, Range)


@dataclass
class StatusResponse(Message):
    vertexes: list[Vertex] = many(1, Vertex)
    statuses: list[VertexStatus] = many(2, VertexStatus)
    logs: list[VertexLog] = many(3, VertexLog)
    warnings: list[VertexWarning] = many(4, VertexWarning)


def merged(several: Iterable[StatusResponse]) -> Iterator[StatusResponse]:
    """The same in as few messages as clients take; of each vertex the last that is told."""
    whole, vertexes, size = StatusResponse(), dict[str, Vertex](), 0
    for one in several:
        told = sum(len(log.msg) for log in one.logs)
        told += sum(len(warning.info.data) for warning in one.warnings if warning.info)
        if size and size + told > _LARGE:
            whole.vertexes += vertexes.values()
            yield whole
            whole, vertexes, size = StatusResponse(), {}, 0
        vertexes.update((vertex.digest, vertex) for vertex in one.vertexes)
        whole.statuses += one.statuses
        whole.logs += one.logs
        whole.warnings += one.warnings
        size += told
    whole.vertexes += vertexes.values()
    yield whole


@dataclass
class UsageRecord(Message):
    id: str = string(1)
    mutable: bool = boolean(2)
    in_use: bool = boolean(3)
    size: int = integer(4)
    created_at: Timestamp | None = message(6, Timestamp)
    last_used_at: Timestamp | None = message(7, Timestamp)
    usage_count: int = integer(8)
    description: str = string(9)
    record_type: str = string(10)
    shared: bool = boolean(11)


@dataclass
class DiskUsageRequest(Message):
    filter: list[str] = many(1, STRING)


@dataclass
class DiskUsageResponse(Message):
    records: list[UsageRecord] = many(1, UsageRecord)


@dataclass
class PruneRequest(Message):
    """*keep_duration* in nanoseconds."""

    filter: list[str] = many(1, STRING)
    all: bool = boolean(2)
    keep_duration: int = integer(3)
    keep_bytes: int = integer(4)
    max_used: int = integer(5)
