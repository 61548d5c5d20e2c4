"""What is remembered of builds: on disk, within limits, and told to who listens."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.builder import usage
from boxship.builder.buildkit import attachments
from boxship.builder.buildkit.attachments import Attachment, Material
from boxship.builder.buildkit.control import (
    Exporter,
    SolveRequest,
    StatusResponse,
    Timestamp,
    Vertex,
    VertexLog,
)
from boxship.builder.buildkit.history import (
    DELETED,
    HistoryRecord,
    UpdateHistoryRequest,
    chooser,
)
from boxship.engine.buildkit import history, remembered
from boxship.engine.buildkit.build import Build
from boxship.engine.buildkit.history import History
from boxship.wire.grpc.status import Code, Detail, GrpcError, Status

Main = Callable[[History], Coroutine[Any, Any, None]]


def run(root: Path, main: Main) -> None:
    asyncio.run(main(History(root)))


def add(kept: History, number: int, data: bytes = b"log", pinned: bool = False) -> HistoryRecord:
    log = Attachment("x", data)
    record = HistoryRecord(
        f"r{number}", created_at=Timestamp(number + 1), logs=log.descriptor, pinned=pinned
    )
    kept.keep(lambda: (record, [log]))
    return record


def test_records_and_their_blobs_outlive_the_daemon(tmp_path: Path) -> None:
    async def first(kept: History) -> None:
        add(kept, 1, b"one")
        add(kept, 0, b"nought")
        await kept.close()

    async def second(kept: History) -> None:
        assert [one.ref for one in await kept.records()] == ["r0", "r1"]
        record = await kept.record("r1")
        assert record is not None and record.logs is not None
        assert [blob.size for blob in await kept.blobs(record.logs.digest)] == [3]
        (blob,) = await kept.blobs(record.logs.digest)
        assert blob.size == 3
        await kept.update(UpdateHistoryRequest("r1", delete=True))
        assert [one.size for one in await kept.blobs()] == [6]

    run(tmp_path, first)
    run(tmp_path, second)
    assert len([*(tmp_path / "blobs").iterdir()]) == 1


def test_what_a_crash_has_cut_off_is_forgotten(tmp_path: Path) -> None:
    async def first(kept: History) -> None:
        add(kept, 1, b"one")
        add(kept, 2, b"two")
        await kept.close()

    async def second(kept: History) -> None:
        assert [one.ref for one in await kept.records()] == ["r2"]

    run(tmp_path, first)
    cut = attachments.Attachment("x", b"one").descriptor.digest.partition(":")[2]
    (tmp_path / "blobs" / cut).write_bytes(b"o")
    (tmp_path / "records" / "half.new").write_bytes(b"\x0a\xff")
    (tmp_path / "records" / "whole.new").write_bytes(HistoryRecord("r3").encode())
    run(tmp_path, second)
    assert len([*(tmp_path / "records").iterdir()]) == len([*(tmp_path / "blobs").iterdir()]) == 1


def test_the_oldest_go_but_not_those_that_are_pinned(tmp_path: Path) -> None:
    async def main(kept: History) -> None:
        with kept.listener() as listener:
            add(kept, 0, pinned=True)
            for number in range(1, 60):
                add(kept, number)
            found = [one.ref for one in await kept.records()]
            assert found == ["r0", *(f"r{number}" for number in range(10, 60))]
            told = [event async for event in _so_far(listener)]
            assert [one.record.ref for one in told if one.type == DELETED and one.record] == [
                f"r{number}" for number in range(1, 10)
            ]

    run(tmp_path, main)


def test_what_is_kept_has_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_MOST_BYTES", 400)

    async def main(kept: History) -> None:
        for number in range(5):
            add(kept, number, bytes([number]) * 40)
        few = [one.ref for one in await kept.records()]
        assert few == [f"r{number}" for number in range(5)][-len(few) :] and 1 < len(few) < 5
        add(kept, 9, b"x" * 500)
        assert [one.ref for one in await kept.records()] == ["r9"]
        assert [one.size for one in await kept.blobs()] == [500]

    run(tmp_path, main)


def test_pins_have_a_limit_and_generations_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_MOST_PINNED", 1)

    async def main(kept: History) -> None:
        add(kept, 1)
        add(kept, 2)
        for pinned in (True, True, False):
            await kept.update(UpdateHistoryRequest("r1", pinned=pinned))
        await kept.update(UpdateHistoryRequest("r2", pinned=True))
        with pytest.raises(GrpcError, match="too many"):
            await kept.update(UpdateHistoryRequest("r1", pinned=True))
        with pytest.raises(GrpcError, match="not found"):
            await kept.update(UpdateHistoryRequest("r3", pinned=True))
        await kept.update(UpdateHistoryRequest("r3", finalize=True))
        found = {one.ref: (one.pinned, one.generation) for one in await kept.records()}
        assert found == {"r1": (False, 4), "r2": (True, 2)}

    run(tmp_path, main)


def test_pins_have_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_MOST_PINNED_BYTES", 1200)

    async def main(kept: History) -> None:
        for number in range(3):
            add(kept, number, bytes([number]) * 500)
        for number in range(2):
            await kept.update(UpdateHistoryRequest(f"r{number}", pinned=True))
        for _ in range(2):
            with pytest.raises(GrpcError, match="too large: unpin or delete") as caught:
                await kept.update(UpdateHistoryRequest("r2", pinned=True))
            assert caught.value.status.code == Code.RESOURCE_EXHAUSTED
        await kept.update(UpdateHistoryRequest("r1", pinned=True))
        await kept.update(UpdateHistoryRequest("r0", delete=True))
        await kept.update(UpdateHistoryRequest("r2", pinned=True))
        assert [one.ref for one in await kept.records() if one.pinned] == ["r1", "r2"]

    run(tmp_path, main)


def test_records_hold_no_more_than_people_read() -> None:
    many = {f"{number}": "x" * 60_000 for number in range(100)}
    exporters = [Exporter("image", many)] * 100
    request = SolveRequest("r", frontend="dockerfile.v0", frontend_attrs=many, exporters=exporters)

    async def main() -> None:
        build = Build(request)
        error = Status(Code.UNKNOWN, "wrong" * 60_000, [Detail("x", bytes(1 << 20))])
        record, blobs = remembered.ended(build, error, {**many, "long": "x" * 70_000}, 1)
        assert len(record.encode()) < 5 << 20
        assert record.frontend_attrs["0"] == many["0"] and record.exporters[0].attrs["0"]
        whole = Status.decode(blobs[-1].data)
        assert whole.message == error.message and whole.details == error.details

    asyncio.run(main())


def test_a_pin_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    async def main(kept: History) -> None:
        add(kept, 1)
        await kept.close()
        (tmp_path / "records").rename(tmp_path / "away")
        with pytest.raises(OSError, match="No such file"):
            await kept.update(UpdateHistoryRequest("r1", pinned=True))
        assert [one.pinned for one in await kept.records()] == [False]

    run(tmp_path, main)


def test_a_listener_that_does_not_read_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_BEHIND", 3)

    async def main(kept: History) -> None:
        with kept.listener() as listener:
            for number in range(5):
                add(kept, number)
            await kept.records()
            assert [one.type async for one in listener.events()] == []

    run(tmp_path, main)


async def _so_far(listener: history.Listener) -> Any:
    events = listener.events()
    while listener._news:
        yield await anext(events)


EVENTS = [
    StatusResponse([Vertex("sha256:a", [], "one", started=Timestamp(5))]),
    StatusResponse(logs=[VertexLog("sha256:a", Timestamp(5, 1), 1, b"said\xff")]),
    StatusResponse([Vertex("sha256:a", [], "one", True, Timestamp(5), Timestamp(6))]),
    StatusResponse([Vertex("sha256:b", ["sha256:a"], "two", started=Timestamp(6), error="bad")]),
    StatusResponse([Vertex("sha256:c", [], "never")]),
]


def test_what_was_told_is_told_again(tmp_path: Path) -> None:
    async def main(kept: History) -> None:
        log = attachments.log(EVENTS * 1000)
        record = HistoryRecord("r", logs=log.descriptor)
        kept.keep(lambda: (record, [log]))
        told = await kept.told("r")
        assert told is not None
        found = [StatusResponse.decode(one) async for some in told for one in some]
        assert found == EVENTS * 1000
        assert await kept.told("other") is None

    run(tmp_path, main)


def test_attachments_say_what_happened() -> None:
    log = attachments.log(EVENTS).data
    assert log.startswith(len(EVENTS[0].encode()).to_bytes(4, "little") + EVENTS[0].encode())
    counts = attachments.count(EVENTS)
    assert (counts.total, counts.cached, counts.completed) == (3, 1, 1)
    text = attachments.trace("r", 4 * 10**9, 8 * 10**9, EVENTS).data.decode()
    spans = _several(text)
    assert [span["Name"] for span in spans] == ["build", "one", "two"]
    assert spans[2]["EndTime"] == "1970-01-01T00:00:08Z"
    assert spans[2]["Status"] == {"Code": 1, "Description": "bad"}
    assert {span["Parent"]["SpanID"] for span in spans[1:]} == {spans[0]["SpanContext"]["SpanID"]}
    error = attachments.error(Status(2, "no"))
    assert Status.decode(error.data).message == "no"


def _several(text: str) -> list[dict[str, Any]]:
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text):
        span, end = decoder.raw_decode(text, at)
        found.append(span)
        at = end + 1
    return found


def test_provenance_names_images_and_arguments() -> None:
    attrs = {"build-arg:A": "1", "filename": "D", "contextkey": "x", "target": "t"}
    material = Material("busybox", "latest", "linux/arm64/v8", "sha256:1")
    told = attachments.provenance("r", attrs, "linux/amd64", [material], (1, 2))
    document = json.loads(told.data)
    uri = "pkg:docker/busybox@latest?platform=linux%2Farm64%2Fv8"
    assert document["materials"] == [{"uri": uri, "digest": {"sha256": "1"}}]
    assert document["invocation"]["parameters"]["args"] == {"build-arg:A": "1", "target": "t"}
    assert told.descriptor.annotations["in-toto.io/predicate-type"].startswith("https://slsa.dev/")


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("ref==r1", True),
        ("ref~=^r", True),
        ("ref!=r1", False),
        ("status==completed", True),
        ("status==error", False),
        ("duration>=2s,status==completed", True),
        ("duration>1m30s", False),
        ("startedAt<1970-01-01T00:00:06Z", True),
        ("completedAt>24h", False),
        ("repository==https://example.org/r.git", True),
        ('"ref==r1"', True),
    ],
)
def test_records_are_filtered(text: str, holds: bool) -> None:
    attrs = {"vcs:source": "https://example.org/r.git"}
    record = HistoryRecord("r1", "", attrs, created_at=Timestamp(5), completed_at=Timestamp(7))
    assert chooser([text])(record) is holds
    assert chooser(["ref==other", text])(record) is holds


@pytest.mark.parametrize("filters", [["ref==a"] * 101, ["x" * 60_000]])
def test_filters_have_a_number(filters: list[str]) -> None:
    for choose in (chooser, usage.chooser):
        with pytest.raises(InvalidParameter, match="too many filters"):
            choose(filters)


@given(st.text(max_size=40) | st.from_regex(r"(startedAt|duration)[<>]=?[0-9.hmsnuT:Z-]{0,30}\Z"))
def test_any_filter_is_taken_or_refused(text: str) -> None:
    try:
        holds = chooser([text])
    except InvalidParameter:
        return
    holds(HistoryRecord("r", created_at=Timestamp(1)))
