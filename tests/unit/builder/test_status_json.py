"""What is told of a build, as BuildKit's Go client writes it."""

import base64

from boxship.builder.buildkit.control import (
    Position,
    Range,
    SourceInfo,
    StatusResponse,
    Timestamp,
    Vertex,
    VertexLog,
    VertexStatus,
    VertexWarning,
)
from boxship.builder.buildkit.status_json import status_json

_NOON = Timestamp(1_774_526_400, 120_000_000)
_TEXT = "2026-03-26T12:00:00.12Z"


def test_nothing_is_nothing() -> None:
    assert status_json(StatusResponse()) == {}


def test_steps() -> None:
    vertex = Vertex("sha256:a", ["sha256:b"], "x", True, _NOON, Timestamp(1_774_526_401), "broke")
    assert status_json(StatusResponse([vertex, Vertex("sha256:c", [], "y")])) == {
        "vertexes": [
            {
                "digest": "sha256:a",
                "inputs": ["sha256:b"],
                "name": "x",
                "started": _TEXT,
                "completed": "2026-03-26T12:00:01Z",
                "cached": True,
                "error": "broke",
            },
            {"digest": "sha256:c", "name": "y"},
        ]
    }


def test_parts_and_output() -> None:
    told = status_json(
        StatusResponse(
            statuses=[VertexStatus("t", "sha256:a", "t", 0, 0, _NOON, _NOON, None)],
            logs=[VertexLog("sha256:a", _NOON, 2, b"\xff\n")],
        )
    )
    (status,), (log,) = told["statuses"], told["logs"]
    assert status["current"] == 0 and "total" not in status and "completed" not in status
    assert log["stream"] == 2 and base64.b64decode(log["data"]) == b"\xff\n"


def test_warnings() -> None:
    warning = VertexWarning(
        "sha256:a",
        1,
        b"short",
        [b"detail"],
        "https://x",
        SourceInfo("Dockerfile", b"FROM a\n", b"", "Dockerfile"),
        [Range(Position(1), Position(2))],
    )
    (found,) = status_json(StatusResponse(warnings=[warning]))["warnings"]
    assert base64.b64decode(found["short"]) == b"short"
    assert found["range"] == [{"start": {"line": 1}, "end": {"line": 2}}]
    assert found["sourceInfo"]["filename"] == "Dockerfile"
