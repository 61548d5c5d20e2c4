"""What is remembered of a build that has ended: its record, and the blobs that go with it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from boxship.builder.buildkit import attachments
from boxship.builder.buildkit.attachments import Attachment
from boxship.builder.buildkit.control import Exporter, timestamp
from boxship.builder.buildkit.history import HistoryRecord, Result
from boxship.builder.stage import PROXIES
from boxship.engine.buildkit.build import Build
from boxship.images import platform as platforms
from boxship.wire.grpc.status import Status

_LONG = 1 << 16
# Records are kept in memory: characters of each of the maps that a client fills.
_MANY = 1 << 18
_MOST_EXPORTERS = 16
_HIDDEN = frozenset(f"build-arg:{name}" for name in PROXIES)


def _told(attrs: Mapping[str, str]) -> dict[str, str]:
    """*attrs* without values that nobody reads, and without proxies: they may have passwords. Of
    very many, the first ones."""
    found, room = dict[str, str](), _MANY
    for name, value in attrs.items():
        if len(value) >= _LONG or name in _HIDDEN:
            continue
        room -= len(name) + len(value)
        if room < 0:
            break
        found[name] = value
    return found


def _exporters(wanted: Sequence[Exporter]) -> list[Exporter]:
    return [Exporter(one.type[:_LONG], _told(one.attrs)) for one in wanted[:_MOST_EXPORTERS]]


def _brief(error: Status) -> Status:
    """The error as a record has it: the whole of it is a blob."""
    return Status(error.code, error.message[:_LONG])


def running(build: Build) -> HistoryRecord:
    """The record while *build* runs."""
    request = build.request
    return HistoryRecord(
        request.ref,
        request.frontend[:_LONG],
        _told(request.frontend_attrs),
        _exporters(request.wanted()),
        created_at=timestamp(build.began),
    )


def ended(
    build: Build, error: Status | None, response: Mapping[str, str], moment: int
) -> tuple[HistoryRecord, list[Attachment]]:
    """The record of *build*, which ended at *moment*, nanoseconds since 1970. Takes its time where
    much was said."""
    record = replace(
        running(build),
        error=None if error is None else _brief(error),
        completed_at=timestamp(moment),
        exporter_response=_told(response),
    )
    events = build.feed.events
    counts = attachments.count(events)
    record.total_steps, record.cached_steps = counts.total, counts.cached
    record.completed_steps, record.warnings = counts.completed, counts.warnings
    log = attachments.log(events)
    trace = attachments.trace(record.ref, build.began, moment, events)
    record.logs, record.trace = log.descriptor, trace.descriptor
    found = [log, trace]
    if error is not None:
        failed = attachments.error(error)
        record.external_error = failed.descriptor
        found.append(failed)
    else:
        found += _results(build, record, moment)
    return record, found


def _results(build: Build, record: HistoryRecord, moment: int) -> list[Attachment]:
    """What came out, for *record* as well."""
    found: list[Attachment] = []
    for built in build.built:
        platform = built.platform or str(platforms.host())
        statement = attachments.provenance(
            record.ref, record.frontend_attrs, platform, build.materials, (build.began, moment)
        )
        result = Result(attestations=[statement.descriptor])
        found.append(statement)
        if built.platform:
            record.results[built.platform] = result
        else:
            record.result = result
    for number, documents in build.exported.items():
        if record.result is None:
            record.result = Result()
        record.result.results[number] = documents[0].descriptor
        record.result.deprecated = record.result.results[min(record.result.results)]
        found += documents
    return found
