"""Builds whose clients go away in the middle of a step: nothing of them stays."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines, leaks
from support.waiting import eventually

# It will not end by being asked to, has children that left it, and writes.
_STEP = (
    "trap '' INT TERM HUP; (setsid sh -c 'while :; do echo x >> /spam; sleep 1; done' &) ; "
    "for i in 1 2 3; do sleep 1000 & done; echo begun; sleep 1000; wait"
)

# Forks without end, in sessions of its own, and ends by nothing that it is asked.
_BOMB = (
    "trap '' TERM INT HUP; echo 'while :; do setsid sh /bomb & done 2>/dev/null' > /bomb; "
    "sh /bomb & sh /bomb & sleep 0.5; echo begun;"
)
_MOST = 150


@pytest.fixture
def few_processes(boxship_daemon: engines.Engine) -> Iterator[Path]:
    """The control group of all containers, with room for some processes and no more."""
    boxship_daemon.docker("run", "--rm", "busybox", "true")
    places = [Path(f"/sys/fs/cgroup{kind}", boxship_daemon.root.name) for kind in ("/pids", "")]
    group = next(place for place in places if (place / "pids.max").exists())
    (group / "pids.max").write_text(str(_MOST))
    yield group
    (group / "pids.max").write_text("max")


def _of_bombs(group: Path) -> int:
    return int((group / "pids.current").read_text())


def test_a_step_that_forks_without_end_ends_with_its_shell(
    boxship_daemon: engines.Engine, few_processes: Path, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM busybox\nRUN {_BOMB} exit 3\n")
    done = boxship_daemon.docker("build", "--no-cache", str(tmp_path), check=False)
    assert "did not complete successfully: exit code: 3" in done.stderr
    eventually(lambda: _of_bombs(few_processes) == 0)
    assert boxship_daemon.docker("ps", "-aq").stdout == ""


def test_a_step_that_forks_without_end_ends_with_its_client(
    boxship_daemon: engines.Engine, few_processes: Path, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM busybox\nRUN {_BOMB} wait\n")
    command = ["docker", "-H", boxship_daemon.host, "build", "--no-cache", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as build:
        eventually(lambda: _of_bombs(few_processes) > _MOST - 20)
        # The daemon takes orders meanwhile.
        assert "busybox" in boxship_daemon.docker("images").stdout
        build.send_signal(signal.SIGINT)
        build.communicate(timeout=30)
    eventually(lambda: _of_bombs(few_processes) == 0)
    eventually(lambda: boxship_daemon.docker("ps", "-aq").stdout == "")


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
