"""What is told of a build as JSON, in the spelling of BuildKit's Go client. Pure."""

import base64
from datetime import UTC, datetime
from typing import Any

from boxship.builder.buildkit.control import (
    SourceInfo,
    StatusResponse,
    Timestamp,
    Vertex,
    VertexLog,
    VertexStatus,
    VertexWarning,
)

Row = dict[str, Any]


def status_json(status: StatusResponse) -> Row:
    """Empty members are left out."""
    found = {
        "vertexes": [_vertex(each) for each in status.vertexes],
        "statuses": [_status(each) for each in status.statuses],
        "logs": [_log(each) for each in status.logs],
        "warnings": [_warning(each) for each in status.warnings],
    }
    return {name: rows for name, rows in found.items() if rows}


def _vertex(vertex: Vertex) -> Row:
    return _kept(
        digest=vertex.digest,
        inputs=vertex.inputs,
        name=vertex.name,
        started=_time(vertex.started),
        completed=_time(vertex.completed),
        cached=vertex.cached,
        error=vertex.error,
    )


def _status(status: VertexStatus) -> Row:
    more = _kept(
        total=status.total, started=_time(status.started), completed=_time(status.completed)
    )
    return {
        "id": status.id,
        "vertex": status.vertex,
        "name": status.name,
        "current": status.current,
        "timestamp": _time(status.timestamp),
        **more,
    }


def _log(log: VertexLog) -> Row:
    return {
        "vertex": log.vertex,
        "stream": log.stream,
        "data": _base64(log.msg),
        "timestamp": _time(log.timestamp),
    }


def _warning(warning: VertexWarning) -> Row:
    ranges = [
        {"start": {"line": each.start.line}, "end": {"line": each.end.line}}
        for each in warning.ranges
        if each.start is not None and each.end is not None
    ]
    return _kept(
        vertex=warning.vertex,
        level=warning.level,
        short=_base64(warning.short),
        detail=[_base64(each) for each in warning.detail],
        url=warning.url,
        sourceInfo=_source(warning.info) if warning.info is not None else None,
        range=ranges,
    )


def _source(info: SourceInfo) -> Row:
    return {"filename": info.filename, "data": _base64(info.data), "language": info.language}


def _kept(**members: Any) -> Row:
    return {name: value for name, value in members.items() if value}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _time(moment: Timestamp | None) -> str:
    if moment is None:
        return ""
    text = datetime.fromtimestamp(moment.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.nanos:09}".rstrip("0").rstrip(".") + "Z"
