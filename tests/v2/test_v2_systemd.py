"""``boxship system install-service`` under a systemd that runs."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import busybox
from support.requirements import lacking
from support.service_manager import SECONDS, ServiceManager, available
from support.waiting import eventually

CALL = "import sys; from boxship.cli.main import main; sys.exit(main())"
BOXSHIP = (sys.executable, "-c", CALL)
DOCKER = ("docker", "-H", "unix:///run/boxship/boxship.sock")


@pytest.fixture
def manager() -> Iterator[ServiceManager]:
    if not available():
        lacking("needs systemd and nsenter")
    with ServiceManager() as found:
        yield found


@pytest.fixture
def archive() -> Iterator[Path]:
    # systemd has a /tmp of its own.
    with tempfile.NamedTemporaryFile(dir="/var/tmp", suffix=".tar") as file:
        file.write(busybox.image_archive())
        file.flush()
        yield Path(file.name)


def state(manager: ServiceManager, unit: str) -> str:
    return manager.run("systemctl", "is-active", unit, check=False).stdout.strip()


def pid_of(manager: ServiceManager, name: str) -> int:
    return int(manager.run(*DOCKER, "inspect", "-f", "{{.State.Pid}}", name).stdout)


def test_the_service_and_its_containers(manager: ServiceManager, archive: Path) -> None:
    written = manager.run(*BOXSHIP, "system", "install-service").stdout
    assert "boxship.socket is enabled and listens." in written
    assert (state(manager, "boxship.socket"), state(manager, "boxship.service")) == (
        "active",
        "active",
    )
    shown = manager.run("systemctl", "show", "-p", "Delegate,KillMode", "boxship.service").stdout
    assert sorted(shown.split()) == ["Delegate=yes", "KillMode=process"]

    manager.run(*DOCKER, "load", "-i", str(archive))
    limits = ("--memory", "64m", "--pids-limit", "20")
    manager.run(*DOCKER, "run", "-d", "--name", "box", *limits, "busybox", "sleep", "1000")
    before = pid_of(manager, "box")
    assert manager.run(*DOCKER, "exec", "box", "cat", "/sys/fs/cgroup/memory.max").stdout == (
        f"{64 << 20}\n"
    )

    # Containers outlive the daemon, whoever ends it.
    manager.run("systemctl", "restart", "boxship.service")
    assert pid_of(manager, "box") == before
    manager.run("systemctl", "kill", "-s", "KILL", "--kill-whom=main", "boxship.service")
    eventually(lambda: state(manager, "boxship.service") == "active", SECONDS)
    assert pid_of(manager, "box") == before
    assert manager.run(*DOCKER, "exec", "box", "echo", "inside").stdout == "inside\n"

    # The socket starts a daemon that is down. So many starts in a minute are a test's alone.
    manager.run("systemctl", "reset-failed", "boxship.service")
    manager.run("systemctl", "stop", "boxship.service")
    assert state(manager, "boxship.service") == "inactive"
    assert pid_of(manager, "box") == before
    assert state(manager, "boxship.service") == "active"

    manager.run(*DOCKER, "rm", "-f", "box")
    removed = manager.run(*BOXSHIP, "system", "install-service", "--remove").stdout
    assert "removed /etc/systemd/system/boxship.service" in removed
    assert state(manager, "boxship.socket") == "inactive"
