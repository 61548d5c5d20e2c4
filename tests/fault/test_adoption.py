"""Containers live on without their daemon, and the next daemon takes them over."""

import contextlib
import os
import signal
import subprocess

import pytest

from support.engines import Engine
from support.waiting import eventually

COUNT = "i=0; while [ $i -lt 40 ]; do echo $i; i=$((i+1)); sleep 0.05; done; exit 7"
BOTH = [signal.SIGKILL, signal.SIGTERM]


def _restart(engine: Engine, sig: signal.Signals) -> None:
    engine.stop(sig)
    engine.start()


def _state(engine: Engine, name: str) -> str:
    template = "{{.State.Status}} {{.State.ExitCode}}"
    return engine.docker("inspect", "-f", template, name).stdout.strip()


@pytest.mark.parametrize("sig", BOTH)
def test_logs_and_exit_code_survive(mortal: Engine, sig: signal.Signals) -> None:
    mortal.docker("run", "-d", "--name", "box", "busybox", "sh", "-c", COUNT)
    _restart(mortal, sig)
    assert mortal.docker("wait", "box").stdout.strip() == "7"
    assert mortal.docker("logs", "box").stdout.split() == [str(n) for n in range(40)]
    assert _state(mortal, "box") == "exited 7"


def test_same_process_goes_on(mortal: Engine) -> None:
    mortal.docker("run", "-d", "--name", "box", "busybox", "sleep", "1000")
    pid = mortal.docker("inspect", "-f", "{{.State.Pid}}", "box").stdout
    for _ in range(3):
        _restart(mortal, signal.SIGKILL)
    assert mortal.docker("inspect", "-f", "{{.State.Pid}}", "box").stdout == pid
    assert mortal.docker("exec", "box", "echo", "inside").stdout == "inside\n"


def test_end_without_a_daemon_is_recorded(mortal: Engine) -> None:
    script = "trap 'exit 9' TERM; while :; do sleep 0.05; done"
    mortal.docker("run", "-d", "--name", "box", "busybox", "sh", "-c", script)
    pid = _pid(mortal)
    mortal.stop(signal.SIGKILL)
    eventually(lambda: not _is_told_to_end(pid))
    mortal.start()
    assert _state(mortal, "box") == "exited 9"
    assert mortal.docker("wait", "box").stdout.strip() == "9"


def _pid(engine: Engine) -> int:
    return int(engine.docker("inspect", "-f", "{{.State.Pid}}", "box").stdout)


def _is_told_to_end(pid: int) -> bool:
    """False when it has ended. It hears nothing before it has its handler."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        return True
    return False


def test_removal_on_exit_is_made_up_for(mortal: Engine) -> None:
    mortal.docker("run", "-d", "--rm", "--name", "box", "busybox", "sleep", "0.5")
    mortal.stop(signal.SIGKILL)
    mortal.start()
    eventually(lambda: mortal.docker("ps", "-aq").stdout == "")


def test_streams_are_attachable_again(mortal: Engine) -> None:
    mortal.docker("run", "-di", "--name", "box", "busybox", "sh", "-c", "read x; echo got $x")
    _restart(mortal, signal.SIGKILL)
    attached = subprocess.Popen(
        ["docker", "-H", mortal.host, "attach", "box"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert attached.stdin and attached.stdout
    # The engine detaches a client whose input ends, so it stays open until the answer is there.
    attached.stdin.write("word\n")
    attached.stdin.flush()
    assert attached.stdout.readline() == "got word\n"
    attached.stdin.close()
    attached.wait()


def test_attached_client_outlives_the_daemon(mortal: Engine) -> None:
    """The stream goes from the shim to the client: a dead daemon does not cut it."""
    script = "i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done"
    mortal.docker("run", "-d", "--name", "box", "busybox", "sh", "-c", script)
    pid = _pid(mortal)
    attached = subprocess.Popen(
        ["docker", "-H", mortal.host, "attach", "--sig-proxy=false", "box"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert attached.stdout
    first = int(attached.stdout.readline())
    mortal.stop(signal.SIGKILL)
    later = [int(attached.stdout.readline()) for _ in range(20)]
    os.kill(pid, signal.SIGKILL)
    rest = [int(line) for line in attached.stdout]
    attached.wait()
    assert [first, *later, *rest] == list(range(first, first + 21 + len(rest)))


def test_restart_policy_goes_on(mortal: Engine) -> None:
    script = "sleep 0.3; exit 1"
    run = ("run", "-d", "--name", "box", "--restart", "always", "busybox", "sh", "-c", script)
    mortal.docker(*run)
    _restart(mortal, signal.SIGKILL)
    eventually(lambda: _count(mortal) >= 2, seconds=20)


def _count(engine: Engine) -> int:
    return int(engine.docker("inspect", "-f", "{{.RestartCount}}", "box").stdout)


def test_paused_stays_paused(mortal: Engine) -> None:
    mortal.docker("run", "-d", "--name", "box", "busybox", "sleep", "1000")
    mortal.docker("pause", "box")
    _restart(mortal, signal.SIGKILL)
    assert _state(mortal, "box") == "paused 0"
    mortal.docker("unpause", "box")
    assert _state(mortal, "box") == "running 0"


def test_two_daemons_do_not_share_a_root(mortal: Engine) -> None:
    second = subprocess.run(
        [*mortal.command, "--pidfile", f"{mortal.root}/other"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.returncode != 0
    assert mortal.docker("ps").returncode == 0
