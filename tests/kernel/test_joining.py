"""A process that joins a running container: what it holds when the container can first see it."""

import contextlib
import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import delayed, engines, inside
from support.engines import Engine
from support.requirements import require_root, require_tool
from support.waiting import eventually

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
FORBIDS_FORK = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [
        {"names": ["clone", "clone3", "fork", "vfork"], "action": "SCMP_ACT_ERRNO"},
    ],
}


def namespaces(pid: int) -> dict[str, str]:
    return {kind: os.readlink(f"/proc/{pid}/ns/{kind}") for kind in NAMESPACES}


def others_in_pid_namespace(init: int) -> list[int]:
    """The processes, without *init*, that have a number in the pid namespace of *init*."""
    wanted, found = os.readlink(f"/proc/{init}/ns/pid"), []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if int(name) != init and os.readlink(f"/proc/{name}/ns/pid") == wanted:
                found.append(int(name))
    return found


@contextlib.contextmanager
def born(engine: Engine, container: str, *words: str) -> Iterator[int]:
    """The process of ``docker exec WORDS`` before it executes its program."""
    init = inside.pid_of(engine, container)
    with delayed.executions(inside.parent_of(init), 4.0):
        client = subprocess.Popen(
            ["docker", "-H", engine.host, "exec", *words], stdout=subprocess.DEVNULL
        )
        try:
            eventually(lambda: others_in_pid_namespace(init) != [])
            yield others_in_pid_namespace(init)[0]
        finally:
            assert client.wait(60) == 0


def is_of_container(pid: int, fd: int) -> bool:
    """Whether a descriptor is a pipe, or a file on a mount of the container of *pid*."""
    if os.readlink(f"/proc/{pid}/fd/{fd}").startswith("pipe:"):
        return True
    rows = Path(f"/proc/{pid}/fdinfo/{fd}").read_text().split("\n")
    identity = next(row.split()[1] for row in rows if row.startswith("mnt_id:"))
    mounts = Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
    return any(line.split()[0] == identity for line in mounts)


def test_the_process_of_an_exec_has_joined_everything_when_it_is_born(
    clean_boxship: Engine,
) -> None:
    container = inside.start(clean_boxship, "--network", "none", "busybox", "sleep", "1000")
    init = inside.pid_of(clean_boxship, container)
    with born(clean_boxship, container, "-u", "1000", container, "true") as pid:
        assert namespaces(pid) == namespaces(init)
        # With its first act it tells the shim its pid, and closes the socket.
        eventually(lambda: {*inside.descriptors(pid)} == {0, 1, 2}, 3.0)
        assert all(is_of_container(pid, fd) for fd in (0, 1, 2))
        roots = [os.stat(f"/proc/{each}/root") for each in (pid, init)]
        assert os.path.samestat(*roots)
        status, own = inside.status_of(pid), inside.status_of(init)
        for field in ("CapBnd", "CapInh", "CapAmb", "Seccomp", "NoNewPrivs"):
            assert status[field] == own[field]
        assert status["CapPrm"] == status["CapEff"] == "0" * 16
        assert status["Uid"].split() == ["1000"] * 4
        # Not dumpable: its files in /proc are not its user's (proc(5)).
        assert os.stat(f"/proc/{pid}/fd").st_uid == 0


def test_the_joiner_is_not_visible_in_the_container(clean_boxship: Engine) -> None:
    container = inside.start(clean_boxship, "busybox", "sleep", "1000")
    with born(clean_boxship, container, container, "true") as pid:
        joiner = inside.parent_of(pid)
        assert namespaces(joiner)["pid"] == namespaces(os.getpid())["pid"]
        assert len(inside.status_of(joiner)["NSpid"].split()) == 1
        assert namespaces(joiner)["mnt"] == namespaces(pid)["mnt"]


@pytest.mark.parametrize("options", [[], ["-i"], ["-t"]])
def test_no_descriptor_of_a_container_is_an_inode_of_the_host(
    clean_boxship: Engine, options: list[str]
) -> None:
    container = inside.start(clean_boxship, *options, "busybox", "sleep", "1000")
    init = inside.pid_of(clean_boxship, container)
    clean_boxship.docker("exec", "-d", *options, container, "sleep", "999")
    eventually(lambda: others_in_pid_namespace(init) != [])
    for pid in (init, *others_in_pid_namespace(init)):
        assert {*inside.descriptors(pid)} == {0, 1, 2}
        assert all(is_of_container(pid, fd) for fd in inside.descriptors(pid))


def test_a_container_cannot_change_the_hosts_null_device(clean_boxship: Engine) -> None:
    before = stat.S_IMODE(os.stat("/dev/null").st_mode)
    change = [
        "sh",
        "-c",
        "chmod 600 /proc/self/fd/0; chown 1:1 /proc/self/fd/0; stat -c %a /dev/null",
    ]
    assert inside.run(clean_boxship, "busybox", *change) == "600"
    container = inside.start(clean_boxship, "busybox", "sleep", "1000")
    assert clean_boxship.docker("exec", container, *change).stdout == "600\n"
    after = os.stat("/dev/null")
    assert (stat.S_IMODE(after.st_mode), after.st_uid) == (before, 0)


def test_a_container_without_a_null_device_reads_an_empty_input(clean_boxship: Engine) -> None:
    script = "rm /dev/null; echo text > /dev/null; sleep 1000"
    container = inside.start(clean_boxship, "busybox", "sh", "-c", script)
    eventually(
        lambda: clean_boxship.docker("exec", container, "cat", "/dev/null").stdout == "text\n"
    )
    assert clean_boxship.docker("exec", container, "cat").stdout == ""


def test_a_filter_that_forbids_fork_still_lets_an_exec_begin(clean_boxship: Engine) -> None:
    profile = clean_boxship.root / "forbids-fork.json"
    profile.write_text(json.dumps(FORBIDS_FORK))
    options = ["--security-opt", f"seccomp={profile}", "busybox", "sleep", "1000"]
    container = inside.start(clean_boxship, *options)
    words = ["exec", container, "grep", "-E", "^(Seccomp|NoNewPrivs):", "/proc/self/status"]
    assert clean_boxship.docker(*words).stdout.split() == ["NoNewPrivs:", "1", "Seccomp:", "2"]
    done = clean_boxship.docker("exec", container, "sh", "-c", "true | true", check=False)
    assert done.returncode != 0 and "fork" in done.stderr


@pytest.fixture
def beneath_shared_root() -> Iterator[Engine]:
    """A daemon in a mount namespace whose mounts are all shared, as systemd makes them."""
    require_root()
    require_tool("docker", "unshare", "busybox", "ip")
    with engines.running("beneath_shared_root") as engine:
        yield engine


@pytest.mark.parametrize(
    "options",
    [
        ["--pid", "host"],
        ["--pid", "host", "--ipc", "host", "--uts", "host", "--network", "host"],
        ["--privileged"],
        ["--read-only", "--tmpfs", "/t", "-v", "volume:/v", "-v", "/usr:/u", "-t"],
    ],
    ids=["pid", "shared", "privileged", "mounts"],
)
def test_no_mount_of_a_container_reaches_a_shared_host(
    beneath_shared_root: Engine, options: list[str]
) -> None:
    engine = beneath_shared_root
    table = Path(f"/proc/{engine.pid}/mountinfo")
    before = table.read_text()
    assert "shared:" in before
    container = inside.start(engine, *options, "busybox", "sleep", "1000")
    assert table.read_text() == before
    engine.docker("exec", container, "true")
    engine.docker("cp", f"{container}:/etc/hosts", "-")
    assert table.read_text() == before
    inside.run(engine, "busybox", "true")
    engine.docker("rm", "-f", container)
    assert table.read_text() == before
