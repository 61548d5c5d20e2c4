"""A shim that is killed takes its container with it, and the engine says so."""

import os
import signal
from pathlib import Path

import pytest

from boxship.sandbox.steps import STEPS
from support.engines import Engine
from support.waiting import eventually

# What makes init carry out every step there is, but those for a user namespace.
EVERY_STEP = (
    *("--read-only", "-t", "-w", "/made/here", "--sysctl", "kernel.msgmax=9000"),
    *("--tmpfs", "/t", "--hostname", "h", "--memory", "64m", "--device", "/dev/null:/dev/n"),
    *("--mount", "type=volume,dst=/v,volume-opt=type=tmpfs,volume-opt=device=tmpfs"),
    *("--mount", "type=volume,src=parts,dst=/s,volume-subpath=one"),
)
REMAPPED_STEPS = ("open-namespaces", "prepare-devices", "enter-user-namespace")


def _pid(engine: Engine, name: str) -> int:
    return int(engine.docker("inspect", "-f", "{{.State.Pid}}", name).stdout)


def _parent(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("PPid"))


def _state(engine: Engine, name: str) -> str:
    template = "{{.State.Status}} {{.State.ExitCode}}"
    return engine.docker("inspect", "-f", template, name).stdout.strip()


@pytest.mark.parametrize("pid_mode", ["private", "host"])
def test_container_dies_with_its_shim(mortal: Engine, pid_mode: str) -> None:
    options = ["--pid", "host"] if pid_mode == "host" else []
    script = "sleep 1001 & sleep 1002 & wait"
    mortal.docker("run", "-d", "--name", "box", *options, "busybox", "sh", "-c", script)
    first = _pid(mortal, "box")
    os.kill(_parent(first), signal.SIGKILL)
    eventually(lambda: _state(mortal, "box") == "exited 137")
    eventually(lambda: not Path(f"/proc/{first}").exists())
    mortal.docker("start", "box")
    assert _state(mortal, "box") == "running 0"


def test_waiting_client_is_told(mortal: Engine) -> None:
    mortal.docker("run", "-d", "--name", "box", "busybox", "sleep", "1000")
    os.kill(_parent(_pid(mortal, "box")), signal.SIGKILL)
    assert mortal.docker("wait", "box").stdout.strip() == "137"


def test_shim_killed_while_no_daemon_runs(mortal: Engine) -> None:
    mortal.docker("run", "-d", "--name", "box", "busybox", "sleep", "1000")
    first = _pid(mortal, "box")
    mortal.stop(signal.SIGKILL)
    os.kill(_parent(first), signal.SIGKILL)
    mortal.start()
    eventually(lambda: _state(mortal, "box") == "exited 137")
    eventually(lambda: not Path(f"/proc/{first}").exists())


def _children(pid: int) -> set[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for path in found for child in path.read_text().split()}


@pytest.mark.parametrize("name", ["boxship-templat", "boxship-ready"])
def test_who_waits_for_the_next_start_is_killed(mortal: Engine, name: str) -> None:
    """The next start does without, and the one after that has others."""
    mortal.docker("run", "-d", "--name", "box", "busybox", "sleep", "1000")
    for pid in _waiting(mortal)[name]:
        os.kill(pid, signal.SIGKILL)
        eventually(lambda pid=pid: not Path(f"/proc/{pid}").exists())
    for number in range(2):
        assert mortal.docker("run", "--rm", "busybox", "echo", str(number)).stdout == f"{number}\n"
    assert name in _waiting(mortal)
    assert mortal.docker("exec", "box", "echo", "inside").stdout == "inside\n"


def _waiting(engine: Engine) -> dict[str, list[int]]:
    """The spawner's children and theirs by command name."""
    (spawner,) = _children(engine.pid)
    found: dict[str, list[int]] = {}
    for pid in _children(spawner).union(*map(_children, _children(spawner))):
        found.setdefault(_name(pid), []).append(pid)
    return found


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def test_spawner_killed(mortal: Engine) -> None:
    """The daemon starts another spawner; containers do not notice."""
    mortal.docker("run", "-d", "--name", "box", "busybox", "sleep", "1000")
    spawners = _children(mortal.pid)
    assert spawners
    for pid in spawners:
        os.kill(pid, signal.SIGKILL)
    assert mortal.docker("run", "--rm", "busybox", "echo", "again").stdout == "again\n"
    assert mortal.docker("exec", "box", "echo", "inside").stdout == "inside\n"


@pytest.mark.parametrize("step", sorted(STEPS.keys() - {*REMAPPED_STEPS}))
def test_death_at_each_step_of_a_start(mortal: Engine, step: str) -> None:
    """The start fails, the container can be started later, nothing is left of the attempt."""
    mortal.docker("run", "--rm", "-v", "parts:/parts", "busybox", "mkdir", "/parts/one")
    # With a network its namespace is made, loopback included, before there is a shim.
    network = ["--network", "none"] if step == "loopback-up" else []
    _die_at(mortal, step, [*network, *EVERY_STEP])


@pytest.mark.parametrize("step", REMAPPED_STEPS)
def test_death_at_each_step_to_a_user_namespace(remapped_mortal: Engine, step: str) -> None:
    _die_at(remapped_mortal, step, ["-t", "--memory", "64m", "--device", "/dev/null:/dev/n"])


def _die_at(mortal: Engine, step: str, options: list[str]) -> None:
    mortal.docker("create", "--name", "box", *options, "busybox", "sh", "-c", "exit 3")
    mortal.stop()
    mortal.environment["BOXSHIP_KILL_AT"] = step
    mortal.start()
    failed = mortal.docker("start", "box", check=False)
    assert failed.returncode != 0, f"no step {step} in the plan"
    assert "running" not in _state(mortal, "box")
    del mortal.environment["BOXSHIP_KILL_AT"]
    mortal.stop()
    mortal.start()
    mortal.docker("start", "box")
    assert mortal.docker("wait", "box").stdout.strip() == "3"
