"""A build whose daemon dies leaves nothing to the next one."""

import contextlib
import os
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from support.engines import Engine
from support.waiting import eventually


def _ids(engine: Engine) -> list[str]:
    return engine.docker("ps", "-aq").stdout.split()


def _steps_that_lead_nowhere(engine: Engine) -> int:
    with contextlib.closing(sqlite3.connect(engine.root / "data" / "boxship.db")) as database:
        (count,) = database.execute(
            "SELECT COUNT(*) FROM image_steps "
            "WHERE NOT shown AND image_id NOT IN (SELECT below FROM image_steps)"
        ).fetchone()
    return int(count)


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


_STAGES = """\
FROM busybox AS one
COPY . /c
RUN --mount=type=cache,target=/k --mount=target=/m,rw dd if=/dev/zero of=/f bs=1M count=30
RUN --mount=type=tmpfs,target=/x head -c 1000 /f > /i && sleep 0.1
FROM busybox AS two
ADD a.tar /t/
RUN --mount=type=tmpfs,target=/x --mount=type=secret,id=s head -c 9000000 /dev/urandom > /g
FROM one
COPY --from=two / /two
RUN cat /two/g > /h
"""


def test_no_moment_of_a_build_is_a_bad_one_to_die_in(mortal: Engine, tmp_path: Path) -> None:
    """Both protocols; each daemon dies a little later in the same build."""
    (tmp_path / "Dockerfile").write_text(_STAGES)
    for number in range(300):
        (tmp_path / f"f{number}").write_bytes(os.urandom(20_000))
    subprocess.run(["tar", "-cf", "a.tar", *(f"f{n}" for n in range(300))], cwd=tmp_path)
    command = ["docker", "-H", mortal.host, "build", "-t", "whole", str(tmp_path)]
    for number in range(6):
        environment = {**os.environ, "DOCKER_BUILDKIT": str(number % 2)}
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as build:
            with contextlib.suppress(subprocess.TimeoutExpired):
                build.wait(0.15 + 0.25 * (number // 2))
            mortal.stop(signal.SIGKILL)
            build.wait(30)
        mortal.start()
        assert _ids(mortal) == []
        assert [*(mortal.root / "data" / "staging").iterdir()] == []
        assert _steps_that_lead_nowhere(mortal) == 0
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shown = mortal.docker(
        "run", "--rm", "whole", "sh", "-c", "cmp /h /two/g && ls /c /two/t | wc -l"
    )
    assert int(shown.stdout) >= 600
