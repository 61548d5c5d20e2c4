"""Builds whose clients go away in the middle of a step: nothing of them stays."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from support import engines, leaks
from support.waiting import eventually

# It will not end by being asked to, has children that left it, and writes.
_STEP = (
    "trap '' INT TERM HUP; (setsid sh -c 'while :; do echo x >> /spam; sleep 1; done' &) ; "
    "for i in 1 2 3; do sleep 1000 & done; echo begun; sleep 1000; wait"
)


@pytest.mark.parametrize("protocol", ["0", "1"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_client_that_goes_takes_its_step_along(
    boxship_daemon: engines.Engine, tmp_path: Path, protocol: str, number: signal.Signals
) -> None:
    mounts = "--mount=type=cache,target=/c --mount=type=tmpfs,target=/t --mount=target=/m,rw"
    (tmp_path / "Dockerfile").write_text(f"FROM busybox\nRUN {mounts} {_STEP}\n")
    environment = {
        **os.environ,
        "DOCKER_BUILDKIT": protocol,
        "DOCKER_HOST": boxship_daemon.host,
        "BUILDKIT_PROGRESS": "plain",
    }
    command = ["docker", "build", "--no-cache", str(tmp_path)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as build:
        assert build.stdout is not None
        assert any(b"begun" in line and b"RUN" not in line for line in build.stdout)
        build.send_signal(number)
        build.wait(30)
    eventually(lambda: boxship_daemon.docker("ps", "-aq").stdout == "")
    eventually(lambda: [*(boxship_daemon.root / "data" / "staging").iterdir()] == [])
    assert leaks.settled(lambda: leaks.cgroups(boxship_daemon.root.name)) == []
    (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN --mount=type=cache,target=/c :\n")
    assert subprocess.run(command, env=environment, capture_output=True).returncode == 0
