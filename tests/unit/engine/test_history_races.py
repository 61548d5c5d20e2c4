"""Past builds when clients leave in the middle, references come again, and disks fail."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from boxship.base.errors import InvalidParameter
from boxship.builder.buildkit.attachments import LENGTH, Attachment
from boxship.builder.buildkit.control import SolveRequest, Timestamp
from boxship.builder.buildkit.history import HistoryRecord, UpdateHistoryRequest
from boxship.engine.buildkit import builds, history
from boxship.engine.buildkit.builds import Builds
from boxship.engine.buildkit.compression import asked
from boxship.engine.buildkit.history import History
from boxship.engine.buildkit.sessions import Sessions

Main = Callable[[History], Coroutine[Any, Any, None]]


class Held:
    """Work in a thread that waits to be let go."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work
        self._go = threading.Event()
        self._begun = threading.Event()
        self.count = 0

    def __call__(self, *words: Any) -> Any:
        self.count += 1
        self._begun.set()
        assert self._go.wait(20)
        return self._work(*words)

    async def begun(self) -> None:
        assert await asyncio.to_thread(self._begun.wait, 20)

    def go(self) -> None:
        self._go.set()


def made(ref: str, data: bytes) -> tuple[HistoryRecord, list[Attachment]]:
    log = Attachment("x", data)
    return HistoryRecord(ref, created_at=Timestamp(1), logs=log.descriptor), [log]


def run(root: Path, main: Main) -> None:
    asyncio.run(main(History(root)))


async def _given_up(work: Coroutine[Any, Any, Any], held: Held) -> None:
    """Begin *work*, and cancel it while what it waits for is *held*."""
    task = asyncio.ensure_future(work)
    await held.begun()
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    held.go()


@pytest.mark.parametrize("ask", ["records", "update", "blobs"])
def test_who_asks_and_leaves_takes_no_build_along(tmp_path: Path, ask: str) -> None:
    async def main(kept: History) -> None:
        held = Held(lambda: made("r", b"log"))
        kept.keep(held)
        asking: dict[str, Coroutine[Any, Any, Any]] = {
            "records": kept.records(),
            "update": kept.update(UpdateHistoryRequest("r", pinned=True)),
            "blobs": kept.blobs(),
        }
        for name, work in asking.items():
            if name == ask:
                await _given_up(work, held)
            else:
                work.close()
        assert [one.ref for one in await kept.records()] == ["r"]
        assert len(await kept.blobs()) == 1

    run(tmp_path, main)


def test_a_pin_whose_client_leaves_is_all_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(kept: History) -> None:
        kept.keep(lambda: made("r", b"log"))
        await kept.records()
        held = Held(kept._write)
        monkeypatch.setattr(kept, "_write", held)
        await _given_up(kept.update(UpdateHistoryRequest("r", pinned=True)), held)
        (record,) = await kept.records()
        (read,) = await History(tmp_path).records()
        assert record.pinned and read.pinned

    run(tmp_path, main)


def test_reading_goes_on_when_the_first_who_asked_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(kept: History) -> None:
        kept.keep(lambda: made("r", b"log"))
        await kept.close()
        again = History(tmp_path)
        held = Held(again._load)
        monkeypatch.setattr(again, "_load", held)
        await _given_up(again.records(), held)
        again.keep(lambda: made("s", b"new"))
        assert {one.ref for one in await again.records()} == {"r", "s"}
        assert len(await again.blobs()) == 2
        assert held.count == 1

    run(tmp_path, main)


def test_a_build_is_written_down_when_somebody_asks_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_MOMENT", 600.0)
    done: list[str] = []

    def make(ref: str) -> tuple[HistoryRecord, list[Attachment]]:
        done.append(ref)
        return made(ref, b"log")

    async def main(kept: History) -> None:
        async with asyncio.timeout(60):
            kept.keep(lambda: make("a"))
            await asyncio.to_thread(lambda: None)
            assert done == []
            assert [one.ref for one in await kept.records()] == ["a"]
            kept.keep(lambda: make("b"))
            await kept.close()
            assert done == ["a", "b"]

    run(tmp_path, main)


def test_a_reference_that_comes_again_leaves_nothing_of_the_build_before(tmp_path: Path) -> None:
    async def main(kept: History) -> None:
        for number in range(3):
            kept.keep(lambda number=number: made("r", b"log %d" % number))  # type: ignore[misc]
            await kept.close()
        (record,) = await kept.records()
        assert record.logs is not None
        assert [blob.digest for blob in await kept.blobs()] == [record.logs.digest]

    run(tmp_path, main)
    assert len([*(tmp_path / "blobs").iterdir()]) == len([*(tmp_path / "records").iterdir()]) == 1


def test_a_build_that_cannot_be_written_down_leaves_nothing(tmp_path: Path) -> None:
    async def main(kept: History) -> None:
        kept.keep(lambda: made("r", b"log"))
        await kept.close()
        # A file cannot take the place of a directory.
        kept._record_path("s").mkdir()
        kept.keep(lambda: made("s", b"other"))
        assert [one.ref for one in await kept.records()] == ["r"]
        kept._record_path("s").rmdir()

    run(tmp_path, main)
    assert len([*(tmp_path / "blobs").iterdir()]) == len([*(tmp_path / "records").iterdir()]) == 1


def test_a_log_of_zeros_says_nothing(tmp_path: Path) -> None:
    """As a machine that lost its power may leave it."""
    data = (3).to_bytes(LENGTH, "little") + b"one" + bytes(64 << 10)

    async def main(kept: History) -> None:
        kept.keep(lambda: made("r", data))
        told = await kept.told("r")
        assert told is not None
        assert [each async for each in told] == [[b"one"]]

    run(tmp_path, main)


@pytest.mark.parametrize(
    "level", ["--5", "-", "", "5-", "٣", "1_0", "9223372036854775808", "-" + "9" * 50]
)
def test_levels_that_are_no_numbers(level: str) -> None:
    with pytest.raises(InvalidParameter, match="non-integer value"):
        asked({"compression": "gzip", "compression-level": level})


def test_a_build_is_told_of_though_one_before_it_had_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        engine: Any = SimpleNamespace(options=SimpleNamespace(data_root=tmp_path))
        found = Builds(engine, Sessions())
        for late in (0.0, 100.0):
            monkeypatch.setattr(builds, "_LATE", late)
            with found.opened(SolveRequest("r", internal=True)) as build:
                pass
        await asyncio.sleep(0.001)
        assert found._ended == {"r": build.feed}

    asyncio.run(main())
