"""A step that fills the disk fails, and what it wrote is gone with it."""

import os
from pathlib import Path

import docker as docker_py
import pytest

from support.contexts import build, context, image_of, text
from support.engines import Engine
from support.waiting import eventually

_SLACK = 1 << 20


def _free(data: Path) -> int:
    disk = os.statvfs(data)
    return disk.f_bavail * disk.f_frsize


@pytest.mark.parametrize("kept", [False, True])
def test_a_step_that_fills_the_disk_leaves_nothing(cramped_mortal: Engine, kept: bool) -> None:
    """Even where its container should have been kept: there is no room for it."""
    data = Path(f"/proc/{cramped_mortal.pid}/root{cramped_mortal.root}/data")
    client = docker_py.DockerClient(cramped_mortal.host)
    try:
        build(client, context("FROM busybox\nRUN echo 1 > /small\n"))
        before = _free(data)
        full = "FROM busybox\nRUN dd if=/dev/zero of=/large bs=1M count=350\n"
        messages = build(client, context(full), forcerm=not kept)
        assert "returned a non-zero code: 1" in messages[-1]["error"], text(messages)
        assert "No space left on device" in text(messages)
        eventually(lambda: [*(data / "staging").iterdir()] == [])
        eventually(lambda: client.containers.list(all=True) == [])
        eventually(lambda: _free(data) > before - _SLACK)
        image_of(build(client, context("FROM busybox\nRUN echo 2 > /small\n")))
    finally:
        client.close()
