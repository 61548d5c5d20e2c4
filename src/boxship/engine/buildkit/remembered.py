"""What is remembered of a build that has ended: its record, and the blobs that go with it."""

from collections.abc import Mapping
from dataclasses import replace

from boxship.builder.buildkit import attachments
from boxship.builder.buildkit.attachments import Attachment
from boxship.builder.buildkit.control import timestamp
from boxship.builder.buildkit.history import HistoryRecord, Result
from boxship.builder.stage import PROXIES
from boxship.engine.buildkit.build import Build
from boxship.images import platform as platforms
from boxship.wire.grpc.status import Status

_LONG = 1 << 16
_HIDDEN = frozenset(f"build-arg:{name}" for name in PROXIES)


def _told(attrs: Mapping[str, str]) -> dict[str, str]:
    """*attrs* without values that nobody reads, and without proxies: they may have passwords."""
    return {k: v for k, v in attrs.items() if len(v) < _LONG and k not in _HIDDEN}


def running(build: Build) -> HistoryRecord:
    """The record while *build* runs."""
    request = build.request
    return HistoryRecord(
        request.ref,
        request.frontend,
        _told(request.frontend_attrs),
        request.wanted(),
        created_at=timestamp(build.began),
    )


def ended(
    build: Build, error: Status | None, response: Mapping[str, str], moment: int
) -> tuple[HistoryRecord, list[Attachment]]:
    """The record of *build*, which ended at *moment*, nanoseconds since 1970. Takes its time where
    much was said."""
    record = replace(
        running(build),
        error=error,
        completed_at=timestamp(moment),
        exporter_response=dict(response),
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
