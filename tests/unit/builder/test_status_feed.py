"""How often, and in how many messages, the clients of a build are told of it."""

import asyncio

import pytest

from boxship.builder.buildkit import vertexes
from boxship.builder.buildkit.control import (
    SourceInfo,
    StatusResponse,
    Timestamp,
    Vertex,
    VertexLog,
    VertexStatus,
    VertexWarning,
    merged,
)
from boxship.builder.buildkit.vertexes import Feed

_NOW = Timestamp(1)


def _log(text: bytes) -> StatusResponse:
    return StatusResponse(logs=[VertexLog("sha256:a", _NOW, 1, text)])


def test_what_comes_together_is_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vertexes, "_GATHER", 60.0)

    async def main() -> list[list[StatusResponse]]:
        feed = Feed()
        heard: list[list[StatusResponse]] = []

        async def listen() -> None:
            async for news in feed.listen():
                heard.append(news)

        listening = asyncio.ensure_future(listen())
        for text in (b"1", b"2", b"3"):
            feed.send(_log(text))
            for _ in range(10):
                await asyncio.sleep(0)
        # The end is told at once.
        feed.end()
        await listening
        return heard

    heard = asyncio.run(main())
    assert [[one.logs[0].msg for one in news] for news in heard] == [[b"1"], [b"2", b"3"]]


def test_news_go_into_one_message_with_the_last_of_each_step() -> None:
    begun = Vertex("sha256:a", [], "a", started=_NOW)
    ended = Vertex("sha256:a", [], "a", started=_NOW, completed=_NOW)
    other = Vertex("sha256:b", [], "b")
    status, warning = VertexStatus("s", "sha256:a"), VertexWarning("sha256:a", 1, b"w")
    several = [
        StatusResponse([begun]),
        StatusResponse([other]),
        StatusResponse(statuses=[status]),
        _log(b"1"),
        StatusResponse([ended]),
        _log(b"2"),
        StatusResponse(warnings=[warning]),
    ]
    (whole,) = merged(several)
    assert whole.vertexes == [ended, other]
    assert whole.statuses == [status] and whole.warnings == [warning]
    assert [log.msg for log in whole.logs] == [b"1", b"2"]


@pytest.mark.parametrize("kind", ["logs", "warnings"])
def test_no_message_is_larger_than_clients_take(kind: str) -> None:
    text = bytes(600_000)
    warning = VertexWarning("sha256:a", 1, b"w", info=SourceInfo("D", text))
    one = _log(text) if kind == "logs" else StatusResponse(warnings=[warning])
    sent = list(merged([one] * 10))
    assert sum(len(status.logs) + len(status.warnings) for status in sent) == 10
    assert max(len(status.encode()) for status in sent) < 4 << 20
