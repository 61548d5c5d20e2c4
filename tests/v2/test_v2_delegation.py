"""The daemon as a service manager runs it: in a group of its own, with containers there or not."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.engines import Engine
from support.waiting import eventually

MOUNT = Path("/sys/fs/cgroup")
SLICE = f"boxship-test-{os.getpid()}.slice"
NEEDED = {"cpu", "cpuset", "io", "memory", "pids"}


def enable(directory: Path) -> None:
    controllers = (directory / "cgroup.controllers").read_text().split()
    switches = " ".join(f"+{name}" for name in controllers)
    (directory / "cgroup.subtree_control").write_text(switches)


@pytest.fixture
def service() -> Iterator[Path]:
    """The group that ``Delegate=yes`` gives to a service."""
    home = MOUNT / SLICE
    home.mkdir()
    enable(MOUNT)
    enable(home)
    made = home / "boxship.service"
    made.mkdir()
    os.setxattr(made, "trusted.delegate", b"1")
    yield made
    for directory, _, _ in os.walk(home, topdown=False):
        os.rmdir(directory)


def own_path(pid: int) -> str:
    return Path(f"/proc/{pid}/cgroup").read_text().strip().partition("::")[2]


def start_in(service: Path, engine: Engine) -> None:
    """Start the daemon as a child of this process that is born in *service*."""
    before = MOUNT / own_path(os.getpid()).lstrip("/")
    (service / "cgroup.procs").write_text("0")
    try:
        engine.start()
    finally:
        (before / "cgroup.procs").write_text("0")


def limits_hold(engine: Engine, name: str) -> str:
    """Start a container with limits; its group as the host sees it."""
    limits = ("-m", "32m", "--cpus", "0.5", "--pids-limit", "20", "--cpuset-cpus", "0")
    engine.docker("run", "-d", "--name", name, *limits, "busybox", "sleep", "1000")
    pid = int(engine.docker("inspect", "-f", "{{.State.Pid}}", name).stdout)
    path = own_path(pid)
    assert (MOUNT / path[1:] / "memory.max").read_text() == f"{32 << 20}\n"
    assert set((MOUNT / path[1:] / "cgroup.controllers").read_text().split()) >= NEEDED
    return path


def test_a_service_keeps_its_containers_outside(mortal: Engine, service: Path) -> None:
    """The default: the service manager restarts the daemon's group without touching containers."""
    mortal.stop()
    start_in(service, mortal)
    path = limits_hold(mortal, "box")
    assert path.startswith(f"/{mortal.root.name}/")
    assert str(mortal.pid) in (service / "cgroup.procs").read_text().split()
    mortal.stop(signal.SIGKILL)
    start_in(service, mortal)
    assert mortal.docker("exec", "box", "echo", "inside").stdout == "inside\n"
    mortal.docker("rm", "-f", "box")
    mortal.stop()


def test_containers_in_the_group_of_the_daemon(mortal: Engine, service: Path) -> None:
    """It steps aside: a group has processes, or groups with controllers."""
    mortal.stop()
    parent = f"/{SLICE}/{service.name}/containers"
    at = mortal.command.index("--cgroup-parent")
    usual, mortal.command[at + 1] = mortal.command[at + 1], parent
    start_in(service, mortal)
    assert own_path(mortal.pid) == f"/{SLICE}/{service.name}/boxship-daemon"
    assert (service / "cgroup.procs").read_text() == ""
    assert limits_hold(mortal, "box").startswith(f"{parent}/")
    mortal.stop(signal.SIGKILL)
    # As with DelegateSubgroup=: the manager starts the next one in the leaf.
    start_in(service / "boxship-daemon", mortal)
    assert mortal.docker("exec", "box", "echo", "inside").stdout == "inside\n"
    limits_hold(mortal, "second")
    mortal.docker("rm", "-f", "box", "second")
    mortal.stop()
    mortal.command[at + 1] = usual


def test_a_parent_with_other_processes_names_what_is_missing(mortal: Engine, service: Path) -> None:
    child = os.fork()
    if child == 0:
        (service / "cgroup.procs").write_text("0")
        signal.pause()
        os._exit(0)
    try:
        parent = f"/{SLICE}/{service.name}"
        eventually(lambda: bool((service / "cgroup.procs").read_text()))
        done = mortal.docker(
            *("run", "--rm", "--cgroup-parent", parent, "-m", "32m", "busybox", "true"),
            check=False,
        )
        assert done.returncode == 125
        assert "memory" in done.stderr
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
