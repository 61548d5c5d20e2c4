"""A log of many lines comes in few frames, with each byte in its place."""

import asyncio
import itertools
import json
from operator import itemgetter
from pathlib import Path

import pytest

from boxship.logs.entries import Selection
from boxship.logs.read import read
from support.hijacked import frames

STAMP = "2026-01-02T03:04:05.000000006Z"
NUMBERS = {"stdout": 1, "stderr": 2}


def _log(path: Path, lines: int) -> list[tuple[int, bytes]]:
    """Write a log in which every tenth line is an error; what a client is to see of it."""
    said = [("stderr" if n % 10 == 9 else "stdout", f"line {n} é\n") for n in range(lines)]
    rows = [json.dumps({"log": text, "stream": s, "time": STAMP}) + "\n" for s, text in said]
    path.write_text("".join(rows))
    return [(NUMBERS[stream], text.encode()) for stream, text in said]


def _frames(path: Path, selection: Selection) -> list[tuple[int, bytes]]:
    async def collect() -> bytes:
        return b"".join([piece async for piece in read(str(path), selection)])

    return frames(asyncio.run(collect()))


def _joined(rows: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Neighbours of one stream made one."""
    groups = itertools.groupby(rows, itemgetter(0))
    return [(stream, b"".join(data for _, data in group)) for stream, group in groups]


@pytest.mark.parametrize("selection", [Selection(), Selection(stderr=False)])
def test_nothing_is_lost_or_moved(tmp_path: Path, selection: Selection) -> None:
    said = _log(tmp_path / "log", 150_000)
    wanted = said if selection.stderr else [row for row in said if row[0] == 1]
    found = _frames(tmp_path / "log", selection)
    assert _joined(found) == _joined(wanted)
    assert len(found) < len(wanted) / 2


def test_followers_and_readers_of_little_get_lines(tmp_path: Path) -> None:
    said = _log(tmp_path / "long", 100_000)
    assert _frames(tmp_path / "long", Selection(follow=True)) == said
    said = _log(tmp_path / "short", 20_000)
    assert _frames(tmp_path / "short", Selection()) == said
