"""The daemon's pidfile has one owner at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from boxship.base.errors import Conflict
from boxship.daemon import config
from boxship.daemon.pidfile import pidfile


def test_the_file_lives_as_long_as_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "run" / "pid"
    with pidfile(path):
        assert path.read_text() == f"{os.getpid()}\n"
    assert not path.exists()


def test_a_second_daemon_is_refused_and_removes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    with pidfile(path):
        with pytest.raises(Conflict, match="another daemon uses the pidfile"), pidfile(path):
            pass
        assert path.read_text() == f"{os.getpid()}\n"


def test_the_file_of_a_dead_daemon_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    path.write_text("1\nand more than a process id")
    with pidfile(path):
        assert path.read_text() == f"{os.getpid()}\n"


def test_a_file_that_has_been_replaced_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    with pidfile(path):
        path.unlink()
        path.write_text("7\n")
    assert path.read_text() == "7\n"


def test_a_living_dockerd_keeps_its_file(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    # The name of a process is what prctl(PR_SET_NAME) makes it.
    script = "open('/proc/self/comm', 'w').write('dockerd'); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None and other.stdout.readline()
        path.write_text(f"{other.pid}\n")
        with pytest.raises(Conflict), pidfile(path):
            pass
        assert path.read_text() == f"{other.pid}\n"
        other.communicate(b"\n")


def test_each_exec_root_has_a_pidfile_of_its_own() -> None:
    assert config.load([]).pidfile == "/run/boxship/boxship.pid"
    assert config.load(["--exec-root", "/run/other"]).pidfile == "/run/other/boxship.pid"
    assert config.load(["-p", "/run/x.pid"]).pidfile == "/run/x.pid"
