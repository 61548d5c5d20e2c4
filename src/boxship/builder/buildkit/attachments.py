"""What is kept of a build beside its record: log, trace, error and provenance, as BuildKit writes
them. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from boxship.base.digests import sha256
from boxship.base.times import rfc3339
from boxship.builder.buildkit.control import StatusResponse, Timestamp, Vertex
from boxship.builder.buildkit.history import Descriptor
from boxship.wire.grpc.status import Status

_LOG = "application/vnd.buildkit.status.v0"
_TRACE = "application/vnd.buildkit.otlp.json.v0"
# Spelt as those who read it expect it.
_ERROR = "application/vnd.googeapis.google.rpc.status+proto"
_STATEMENT = "application/vnd.in-toto+json"
_PREDICATE = {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"}
_BUILD_TYPE = "https://mobyproject.org/buildkit@v1"
_SECOND = 1_000_000_000
#: Bytes in front of each message of a log: its size, the lowest byte first.
LENGTH = 4
# Attributes that are arguments of the build, and no affair between client and builder.
_ARGUMENTS = (
    "build-arg:",
    "label:",
    "add-hosts",
    "cgroup-parent",
    "force-network-mode",
    "hostname",
    "no-cache",
    "shm-size",
    "target",
    "ulimit",
)
_NO_SPAN = {"TraceID": "0" * 32, "SpanID": "0" * 16}


@dataclass(frozen=True, slots=True)
class Attachment:
    media_type: str
    data: bytes
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor(
            self.media_type, sha256(self.data), len(self.data), dict(self.annotations)
        )


@dataclass(frozen=True, slots=True)
class Counts:
    total: int
    cached: int
    completed: int
    warnings: int


def count(events: Iterable[StatusResponse]) -> Counts:
    vertexes = _last(events).values()
    return Counts(
        len(vertexes),
        sum(one.cached for one in vertexes),
        sum(one.completed is not None for one in vertexes),
        sum(len(event.warnings) for event in events),
    )


def _last(events: Iterable[StatusResponse]) -> dict[str, Vertex]:
    """The vertexes as they ended, by digest."""
    return {vertex.digest: vertex for event in events for vertex in event.vertexes}


def log(events: Iterable[StatusResponse]) -> Attachment:
    """All that was told of the build: messages, each behind its length."""
    parts = []
    for event in events:
        data = event.encode()
        parts += [len(data).to_bytes(LENGTH, "little"), data]
    return Attachment(_LOG, b"".join(parts))


def error(status: Status) -> Attachment:
    """With its details: the lines of the file, the step that failed."""
    return Attachment(_ERROR, status.encode())


def trace(ref: str, began: int, ended: int, events: Iterable[StatusResponse]) -> Attachment:
    """Spans of the build and of each of its steps. Times in nanoseconds since 1970."""
    top = _context(ref, ref)
    vertexes = [one for one in _last(events).values() if one.started is not None]
    spans = [_span("build", top, _NO_SPAN, (began, ended), {"ref": ref}, "")]
    spans[0]["ChildSpanCount"] = len(vertexes)
    for one in vertexes:
        times = _nanoseconds(one.started, began), _nanoseconds(one.completed, ended)
        mine = _context(ref, one.digest)
        spans.append(_span(one.name, mine, top, times, {"vertex": one.digest}, one.error))
    return Attachment(_TRACE, "\n".join(json.dumps(span, indent=2) for span in spans).encode())


def _context(ref: str, name: str) -> dict[str, Any]:
    text = f"{ref}\0{name}".encode("utf-8", "surrogateescape")
    whole = hashlib.sha256(ref.encode("utf-8", "surrogateescape")).hexdigest()
    return {"TraceID": whole[:32], "SpanID": hashlib.sha256(text).hexdigest()[:16]}


def _span(
    name: str,
    own: Mapping[str, str],
    parent: Mapping[str, str],
    times: tuple[int, int],
    values: Mapping[str, str],
    failure: str,
) -> dict[str, Any]:
    more = {"TraceFlags": "01", "TraceState": "", "Remote": False}
    return {
        "Name": name,
        "SpanContext": {**own, **more},
        "Parent": {**parent, **more},
        "SpanKind": 1,
        "StartTime": rfc3339(times[0]),
        "EndTime": rfc3339(times[1]),
        "Attributes": _texts(values),
        "Events": None,
        "Links": None,
        "Status": {"Code": 1 if failure else 0, "Description": failure},
        "DroppedAttributes": 0,
        "DroppedEvents": 0,
        "DroppedLinks": 0,
        "ChildSpanCount": 0,
        "Resource": _texts({"service.name": "boxship"}),
        "InstrumentationLibrary": {"Name": "boxship", "Version": "", "SchemaURL": ""},
    }


def _texts(values: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"Key": key, "Value": {"Type": "STRING", "Value": value}} for key, value in values.items()
    ]


def _nanoseconds(moment: Timestamp | None, otherwise: int) -> int:
    return moment.seconds * _SECOND + moment.nanos if moment is not None else otherwise


@dataclass(frozen=True, slots=True)
class Material:
    """An image that the build began with: its name without defaults, its tag, platform, digest."""

    name: str
    tag: str
    platform: str
    digest: str

    def to_json(self) -> dict[str, Any]:
        where = f"?platform={quote(self.platform, safe='')}" if self.platform else ""
        tag = f"@{self.tag}" if self.tag else ""
        algorithm, _, value = self.digest.partition(":")
        return {"uri": f"pkg:docker/{self.name}{tag}{where}", "digest": {algorithm: value}}


def provenance(
    ref: str,
    attrs: Mapping[str, str],
    platform: str,
    materials: Sequence[Material],
    times: tuple[int, int],
) -> Attachment:
    """SLSA's predicate: of which images, by which arguments. *times* are the build's, in
    nanoseconds since 1970. Names of secrets are none of its business."""
    arguments = {name: value for name, value in attrs.items() if name.startswith(_ARGUMENTS)}
    directories = [name for name in ("context", "dockerfile") if not attrs.get("context")]
    document = {
        "builder": {"id": ""},
        "buildType": _BUILD_TYPE,
        "materials": [material.to_json() for material in materials],
        "invocation": {
            "configSource": {"entryPoint": attrs.get("filename") or "Dockerfile"},
            "parameters": {
                "frontend": "dockerfile.v0",
                "args": arguments,
                "locals": [{"name": name} for name in directories],
            },
            "environment": {"platform": platform},
        },
        "metadata": {
            "buildInvocationID": ref,
            "buildStartedOn": rfc3339(times[0]),
            "buildFinishedOn": rfc3339(times[1]),
            "completeness": {"parameters": True, "environment": True, "materials": False},
            "reproducible": False,
        },
    }
    text = json.dumps(document, indent=2)
    return Attachment(_STATEMENT, text.encode(), _PREDICATE)
