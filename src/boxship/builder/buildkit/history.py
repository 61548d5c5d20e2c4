"""Messages of ``moby.buildkit.v1.Control`` about past builds, and filters over them. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from boxship.base.errors import InvalidParameter
from boxship.base.times import now_ns, parse_rfc3339
from boxship.builder.buildkit.control import Exporter, Timestamp
from boxship.builder.usage import check_number, matcher
from boxship.wire.grpc.status import Status
from boxship.wire.protobuf import (
    INTEGER,
    STRING,
    Message,
    boolean,
    integer,
    many,
    mapping,
    message,
    string,
)

_SECOND = 1_000_000_000
_TIMED = re.compile(r"(startedAt|completedAt|duration)(>=|<=|>|<)(.*)\Z", re.DOTALL)
_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h)){1,8}\Z")
_UNITS = {"ns": 1, "us": 1000, "µs": 1000, "ms": 10**6, "s": _SECOND, "m": 60 * _SECOND}
_UNITS["h"] = 60 * _UNITS["m"]
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    ">=": lambda one, other: one >= other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    "<": lambda one, other: one < other,
}


@dataclass
class HistoryRequest(Message):
    active_only: bool = boolean(1)
    ref: str = string(2)
    early_exit: bool = boolean(3)
    filter: list[str] = many(4, STRING)
    limit: int = integer(5)


@dataclass
class Descriptor(Message):
    """A blob that a record speaks of, to be had from the content service."""

    media_type: str = string(1)
    digest: str = string(2)
    size: int = integer(3)
    annotations: dict[str, str] = mapping(5, STRING)


@dataclass
class Result(Message):
    """*results* by the number of the exporter."""

    deprecated: Descriptor | None = message(1, Descriptor)
    attestations: list[Descriptor] = many(2, Descriptor)
    results: dict[int, Descriptor] = mapping(3, Descriptor, INTEGER)


@dataclass
class HistoryRecord(Message):
    """*result* where there is one, *results* by platform where there are several."""

    ref: str = string(1)
    frontend: str = string(2)
    frontend_attrs: dict[str, str] = mapping(3, STRING)
    exporters: list[Exporter] = many(4, Exporter)
    error: Status | None = message(5, Status)
    created_at: Timestamp | None = message(6, Timestamp)
    completed_at: Timestamp | None = message(7, Timestamp)
    logs: Descriptor | None = message(8, Descriptor)
    exporter_response: dict[str, str] = mapping(9, STRING)
    result: Result | None = message(10, Result)
    results: dict[str, Result] = mapping(11, Result)
    generation: int = integer(12)
    trace: Descriptor | None = message(13, Descriptor)
    pinned: bool = boolean(14)
    cached_steps: int = integer(15)
    total_steps: int = integer(16)
    completed_steps: int = integer(17)
    external_error: Descriptor | None = message(18, Descriptor)
    warnings: int = integer(19)

    def descriptors(self) -> Iterator[Descriptor]:
        """All blobs that the record names."""
        for result in (self.result, *self.results.values()):
            if result is not None:
                yield from result.attestations
                yield from result.results.values()
        for one in (self.logs, self.trace, self.external_error):
            if one is not None:
                yield one

    def began(self) -> int:
        """Nanoseconds since 1970."""
        return _of(self.created_at)

    @property
    def status(self) -> str:
        if self.completed_at is None:
            return "running"
        if self.error is None:
            return "completed"
        return "canceled" if "context canceled" in self.error.message else "error"


STARTED, COMPLETE, DELETED = 0, 1, 2


@dataclass
class HistoryEvent(Message):
    type: int = integer(1)
    record: HistoryRecord | None = message(2, HistoryRecord)


@dataclass
class UpdateHistoryRequest(Message):
    ref: str = string(1)
    pinned: bool = boolean(2)
    delete: bool = boolean(3)
    finalize: bool = boolean(4)


Chooses = Callable[[HistoryRecord], bool]


def chooser(filters: Sequence[str]) -> Chooses:
    """Whether one of *filters* holds of a record: those of :mod:`boxship.builder.usage`, and
    comparisons with times. :class:`InvalidParameter`."""
    check_number(filters)
    groups = [_group(text) for text in filters if text]
    return lambda record: not groups or any(chooses(record) for chooses in groups)


def _group(text: str) -> Chooses:
    words = [word.strip().strip('"') for word in text.split(",")]
    timed = [_compared(found) for found in map(_TIMED.match, words) if found is not None]
    holds = matcher([",".join(word for word in words if not _TIMED.match(word))])
    return lambda record: holds(_fields(record)) and all(one(record) for one in timed)


def _fields(record: HistoryRecord) -> dict[str, str | None]:
    attrs = record.frontend_attrs
    repository = attrs.get("vcs:source") or attrs.get("context") or None
    return {"ref": record.ref, "status": record.status, "repository": repository}


def _compared(found: re.Match[str]) -> Chooses:
    key, operator, text = found[1], found[2], found[3]
    duration = _nanoseconds(text)
    if key == "duration" and duration is None:
        raise InvalidParameter(f"invalid duration {text}")
    if key == "duration":
        limit = duration or 0
    else:
        limit = parse_rfc3339(text) if duration is None else now_ns() - duration
    return lambda record: _COMPARE[operator](_moment(record, key), limit)


def _moment(record: HistoryRecord, key: str) -> int:
    begun, ended = record.began(), _of(record.completed_at)
    if key == "duration":
        return max(0, ended - begun)
    return begun if key == "startedAt" else ended


def _of(moment: Timestamp | None) -> int:
    return moment.seconds * _SECOND + moment.nanos if moment is not None else 0


def _nanoseconds(text: str) -> int | None:
    """Of a duration as Go writes it; None for anything else."""
    if not _DURATION.match(text):
        return None
    found = re.findall(r"([\d.]+)([a-zµ]+)", text)
    return sum(int(float(number) * _UNITS[unit]) for number, unit in found)
