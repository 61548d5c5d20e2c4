"""Which of a received directory's files are read at once, and which by a worker."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from boxship.engine.buildkit.synced import read_synced


class Worker:
    """Answers that it was asked."""

    async def run(
        self,
        kind: str,
        args: dict[str, Any],
        fds: Sequence[int] = (),
        rootfs: dict[str, Any] | None = None,
        *,
        sources: Sequence[dict[str, Any]] = (),
    ) -> dict[str, Any]:
        return {"files": dict.fromkeys(args["paths"], f"{kind} of {len(sources)}")}


def read(root: Path, names: list[str]) -> dict[str, str]:
    return asyncio.run(read_synced(Worker(), root, names))


def test_plain_files_are_read_at_once(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM \xff\n")
    names = ["Dockerfile", "Dockerfile.dockerignore"]
    assert read(tmp_path, names) == {"Dockerfile": "FROM \udcff\n"}
    assert read(tmp_path, [".dockerignore"]) == {}


@pytest.mark.parametrize("kind", ["link", "directory", "pipe", "large", "empty", "below", "nul"])
def test_all_else_is_left_to_a_worker(tmp_path: Path, kind: str) -> None:
    path, name = tmp_path / "f", "f"
    match kind:
        case "link":
            path.symlink_to("/etc/passwd")
        case "directory":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "large":
            path.write_bytes(b"x" * (64 << 10))
        case "empty":
            path.touch()
        case "below":
            name = "d/f"
        case "nul":
            name = "f\0"
    open_before = len(os.listdir("/proc/self/fd"))
    assert read(tmp_path, [name]) == {name: "build_read of 1"}
    assert len(os.listdir("/proc/self/fd")) == open_before
