"""A log is read while its files get other names."""

import asyncio
import json
from pathlib import Path

import pytest

from boxship.logs.entries import Selection
from boxship.logs.read import read
from support.hijacked import frames

STAMP = "2026-01-02T03:04:05.000000006Z"


def _write(path: Path, text: str) -> None:
    path.write_text(json.dumps({"log": text, "stream": "stdout", "time": STAMP}) + "\n")


def _read(path: Path) -> list[str]:
    async def collect() -> bytes:
        return b"".join([piece async for piece in read(str(path), Selection())])

    return [text.decode() for _, text in frames(asyncio.run(collect()))]


@pytest.mark.parametrize("missing", [0, 1, 2, 3])
def test_a_name_that_is_nobodys_for_a_moment_hides_no_older_file(
    tmp_path: Path, missing: int
) -> None:
    names = ["log", "log.1", "log.2", "log.3", "log.4"]
    del names[missing]
    for name in names:
        _write(tmp_path / name, f"{name}\n")
    assert _read(tmp_path / "log") == [f"{name}\n" for name in reversed(names)]
