"""A step that fills the disk fails, and what it wrote is gone with it."""

import os
from pathlib import Path

import docker as docker_py
import pytest

from boxship.wire.grpc.server import Call
from boxship.wire.grpc.status import GrpcError
from support import buildkit_session
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


def test_a_disk_that_something_behind_a_step_fills_is_told_of_with_its_line(
    cramped_mortal: Engine,
) -> None:
    """The step itself succeeds; what it has left running ends with it."""

    async def no_files(call: Call) -> None:
        await buildkit_session.send_files(call, {})

    data = Path(f"/proc/{cramped_mortal.pid}/root{cramped_mortal.root}/data")
    path = str(cramped_mortal.socket)
    before = _free(data)
    filling = (
        "(setsid sh -c 'trap : TERM; dd if=/dev/zero of=/large bs=1M; sleep 1000' 2>/dev/null &); "
        "while dd if=/dev/zero bs=64k count=1 >> /small; do sleep 0.1; done"
    )
    with pytest.raises(GrpcError, match="no space left on device") as caught:
        buildkit_session.build(path, no_files, f"FROM busybox\nRUN {filling}\n".encode())
    assert any(b'"line":2' in one.value.replace(b" ", b"") for one in caught.value.status.details)
    eventually(lambda: [*(data / "staging").iterdir()] == [])
    eventually(lambda: _free(data) > before - _SLACK)
    buildkit_session.build(path, no_files, b"FROM busybox\nRUN echo 2 > /small\n")
