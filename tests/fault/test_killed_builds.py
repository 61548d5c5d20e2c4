"""A build whose daemon dies leaves nothing to the next one."""

import signal
import subprocess
from pathlib import Path

import pytest

from support.engines import Engine
from support.waiting import eventually


def _ids(engine: Engine) -> list[str]:
    return engine.docker("ps", "-aq").stdout.split()


@pytest.mark.parametrize("kept", [False, True])
def test_a_build_in_progress_ends_with_its_daemon(
    mortal: Engine, tmp_path: Path, kept: bool
) -> None:
    """Unlike the container of a step that failed before, which its user has kept."""
    (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN exit 3\n")
    command = ["docker", "-H", mortal.host, "build", str(tmp_path)]
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "DOCKER_BUILDKIT": "0"}
    if kept:
        subprocess.run(command, env=environment, capture_output=True)
    before = _ids(mortal)
    assert len(before) == kept
    (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN sleep 1000\n")
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as build:
        eventually(lambda: len(mortal.docker("ps", "-q").stdout.split()) == 1)
        mortal.stop(signal.SIGKILL)
        build.wait(30)
    mortal.start()
    assert _ids(mortal) == before
    assert [*(mortal.root / "data" / "staging").iterdir()] == []
