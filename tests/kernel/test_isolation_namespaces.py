"""Namespaces: a container's own, the host's, another's; and what is left of them: nothing."""

import os
from pathlib import Path

import pytest

from support import inside, leaks
from support.engines import Engine

KINDS = ("mnt", "pid", "net", "ipc", "uts")


def namespaces(pid: int) -> dict[str, str]:
    return {kind: os.readlink(f"/proc/{pid}/ns/{kind}") for kind in (*KINDS, "cgroup", "user")}


def of(engine: Engine, container: str) -> dict[str, str]:
    return namespaces(inside.pid_of(engine, container))


def test_a_container_has_its_own(clean_boxship: Engine) -> None:
    first, second = (inside.start(clean_boxship, "busybox", "sleep", "1000") for _ in "12")
    ours, one, other = (
        namespaces(clean_boxship.pid),
        of(clean_boxship, first),
        of(clean_boxship, second),
    )
    for kind in KINDS:
        assert len({ours[kind], one[kind], other[kind]}) == 3, kind


def test_an_exec_joins_all_of_them(clean_boxship: Engine) -> None:
    container = inside.start(clean_boxship, "busybox", "sleep", "1000")
    script = "cd /proc/self/ns; for n in mnt pid net ipc uts cgroup; do readlink $n; done"
    shown = clean_boxship.docker("exec", container, "sh", "-c", script).stdout.split()
    expected = of(clean_boxship, container)
    assert shown == [expected[kind] for kind in (*KINDS, "cgroup")]


@pytest.mark.parametrize(
    ("option", "kind"),
    [("--pid", "pid"), ("--ipc", "ipc"), ("--uts", "uts"), ("--network", "net")],
)
def test_the_hosts_and_another_containers(clean_boxship: Engine, option: str, kind: str) -> None:
    host = inside.start(clean_boxship, option, "host", "busybox", "sleep", "1000")
    assert of(clean_boxship, host)[kind] == namespaces(clean_boxship.pid)[kind]
    if kind == "uts":
        return
    sharing = ["--ipc", "shareable"] if kind == "ipc" else []
    first = inside.start(clean_boxship, *sharing, "busybox", "sleep", "1000")
    joined = [option, f"container:{first}", "busybox", "sleep", "1000"]
    second = inside.start(clean_boxship, *joined)
    one, two = of(clean_boxship, first), of(clean_boxship, second)
    assert [name for name in KINDS if one[name] == two[name]] == [kind]
    script = ["readlink", f"/proc/self/ns/{kind}"]
    assert clean_boxship.docker("exec", second, *script).stdout.strip() == one[kind]


def test_the_first_process_is_number_one(clean_boxship: Engine) -> None:
    script = "echo $$; ls -d /proc/[0-9]* | wc -l; cat /proc/self/stat | cut -d' ' -f4"
    assert inside.run(clean_boxship, "busybox", "sh", "-c", script).split()[0] == "1"
    first = inside.start(clean_boxship, "busybox", "sleep", "1000")
    shared = ["--pid", f"container:{first}", "busybox", "sh", "-c", "cat /proc/1/cmdline; echo $$"]
    shown = inside.run(clean_boxship, *shared)
    assert shown.startswith("sleep\x001000") and shown.split("\x00")[-1].strip() != "1"
    host = inside.run(clean_boxship, "--pid", "host", "busybox", "cat", "/proc/1/comm")
    assert host == Path("/proc/1/comm").read_text().strip()


def test_names(clean_boxship: Engine) -> None:
    options = ["--hostname", "box", "--domainname", "example.org", "busybox", "sh", "-c"]
    script = "hostname; cat /proc/sys/kernel/domainname; cat /etc/hostname; echo $HOSTNAME"
    assert inside.run(clean_boxship, *options, script).split() == [
        "box",
        "example.org",
        "box",
        "box",
    ]
    assert os.uname().nodename != "box"
    host = inside.run(clean_boxship, "--uts", "host", "busybox", "hostname")
    assert host == os.uname().nodename


def test_shared_memory_is_shared_with_the_namespace(clean_boxship: Engine) -> None:
    first = inside.start(clean_boxship, "--ipc", "shareable", "--shm-size", "8m", "busybox", "top")
    clean_boxship.docker("exec", first, "sh", "-c", "echo here > /dev/shm/file")
    joined = ["--ipc", f"container:{first}", "busybox"]
    assert inside.run(clean_boxship, *joined, "cat", "/dev/shm/file") == "here"
    private = clean_boxship.docker("run", "--rm", "busybox", "ls", "/dev/shm")
    assert private.stdout == ""
    size = inside.run(clean_boxship, *joined, "df", "-k", "/dev/shm").split()
    assert "8192" in size
    closed = inside.start(clean_boxship, "--ipc", "private", "busybox", "top")
    words = ["run", "--rm", "--ipc", f"container:{closed}", "busybox", "true"]
    assert clean_boxship.docker(*words, check=False).returncode == 125


def test_ipc_none_has_no_shared_memory_mount(clean_boxship: Engine) -> None:
    script = "grep -c ' /dev/shm ' /proc/self/mountinfo; true"
    assert inside.run(clean_boxship, "--ipc", "none", "busybox", "sh", "-c", script) == "0"


def test_the_loopback_is_up_and_alone(clean_boxship: Engine) -> None:
    script = "ls /sys/class/net; ip -o addr | grep -c 127.0.0.1; ping -c 1 127.0.0.1 | grep -c ttl"
    shown = inside.run(clean_boxship, "--network", "none", "busybox", "sh", "-c", script)
    assert shown.split() == ["lo", "1", "1"]


PORTS = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
PING = "/proc/sys/net/ipv4/ping_group_range"


@pytest.mark.parametrize("options", [[], ["--pid", "host"], ["-u", "1000"], ["--privileged"]])
def test_default_sysctls(clean_boxship: Engine, options: list[str]) -> None:
    options = ["--network", "none", *options]
    shown = inside.run(clean_boxship, *options, "busybox", "cat", PORTS, PING)
    assert shown.split() == ["0", "0", "2147483647"]


def test_the_hosts_network_keeps_its_sysctls(clean_boxship: Engine) -> None:
    before = Path(PORTS).read_text()
    shown = inside.run(clean_boxship, "--network", "host", "busybox", "cat", PORTS)
    assert shown == "1024" and Path(PORTS).read_text() == before


def test_sysctls_of_the_user(clean_boxship: Engine) -> None:
    options = ["--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "kernel.msgmax=4242"]
    script = f"cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax {PORTS}"
    options += ["--sysctl", "net.ipv4.ip_unprivileged_port_start=7"]
    assert inside.run(clean_boxship, *options, "busybox", "sh", "-c", script).split() == [
        "1",
        "4242",
        "7",
    ]
    assert Path("/proc/sys/kernel/msgmax").read_text() != "4242\n"


@pytest.mark.parametrize("name", ["kernel.panic=1", "vm.swappiness=1", "net.nonsense.x=1"])
def test_sysctls_that_are_the_hosts_or_nobodys(clean_boxship: Engine, name: str) -> None:
    done = clean_boxship.docker("run", "--rm", "--sysctl", name, "busybox", "true", check=False)
    assert done.returncode in (125, 127)
    assert "sysctl" in done.stderr or "/proc/sys/net/nonsense/x" in done.stderr


def test_membership_in_control_groups(clean_boxship: Engine) -> None:
    """Container and exec are in the container's group, the shim is not."""
    container = inside.start(clean_boxship, "busybox", "sleep", "1000")
    clean_boxship.docker("exec", "-d", container, "sleep", "999")
    pid = inside.pid_of(clean_boxship, container)
    directories = [
        path for path in leaks.cgroups(clean_boxship.root.name) if container in str(path)
    ]
    assert directories
    for directory in directories:
        assert len((directory / "cgroup.procs").read_text().split()) == 2
    assert container in Path(f"/proc/{pid}/cgroup").read_text()
    shim = Path(f"/proc/{inside.parent_of(pid)}/cgroup").read_text()
    assert container not in shim


def test_mounts_do_not_show_on_the_host(clean_boxship: Engine, tmp_path: Path) -> None:
    before = _host_mounts(tmp_path)
    options = ["--tmpfs", "/t", "-v", f"{tmp_path}:/v", "-t", "--privileged"]
    container = inside.start(clean_boxship, *options, "busybox", "sleep", "1000")
    clean_boxship.docker("exec", container, "mount", "-t", "tmpfs", "none", "/mnt", check=False)
    clean_boxship.docker("cp", f"{container}:/etc/passwd", "-")
    assert _host_mounts(tmp_path) == before
    assert leaks.mounts(clean_boxship.root) == []
    daemon = Path(f"/proc/{clean_boxship.pid}/mountinfo").read_text()
    assert str(clean_boxship.root) not in daemon


def _host_mounts(own: Path) -> list[str]:
    """The host's table without what tests that run at the same time mount."""
    rows = Path("/proc/self/mountinfo").read_text().splitlines()
    return [row for row in rows if "/pytest-of-" not in row or str(own) in row]


def test_the_containers_table_shows_no_mount_of_the_host(clean_boxship: Engine) -> None:
    shown = inside.run(clean_boxship, "busybox", "cat", "/proc/self/mountinfo")
    points = {line.split()[4] for line in shown.splitlines()}
    assert "/" in points
    for point in points - {"/"}:
        assert point.startswith(("/proc", "/sys", "/dev", "/etc/")), point


@pytest.mark.parametrize("how", ["exit", "kill", "failure", "rm"])
def test_nothing_is_left(clean_boxship: Engine, how: str) -> None:
    name = "--name=left-behind"
    if how == "exit":
        clean_boxship.docker("run", name, "-t", "busybox", "sh", "-c", "sleep 1000 & true")
    elif how == "failure":
        clean_boxship.docker("run", name, "busybox", "/nosuchprogram", check=False)
    else:
        inside.start(clean_boxship, name, "busybox", "sh", "-c", "sleep 1000 & sleep 1000")
        words = ["kill"] if how == "kill" else ["rm", "-f"]
        clean_boxship.docker(*words, "left-behind")
    namespace = "no such namespace"
    assert leaks.settled(lambda: leaks.cgroups(clean_boxship.root.name)) == []
    assert leaks.mounts(clean_boxship.root) == []
    running = leaks.settled(
        lambda: [
            row
            for row in leaks.processes(clean_boxship.root, namespace)
            if "boxship-shim" in row or "sleep" in row
        ]
    )
    assert running == []


def test_what_has_ended_is_reaped(clean_boxship: Engine) -> None:
    """Shims, workers and execs leave no zombies to the spawner that forked them."""
    for _ in range(3):
        container = inside.start(clean_boxship, "busybox", "sleep", "1000")
        clean_boxship.docker("exec", container, "true")
        clean_boxship.docker("cp", f"{container}:/etc/passwd", "-")
        clean_boxship.docker("rm", "-f", container)
    assert leaks.settled(lambda: _zombies(clean_boxship.pid)) == []


def _zombies(pid: int) -> list[str]:
    """Descendants of *pid* that nobody waited for."""
    found: list[str] = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        status = inside.status_of(int(child))
        found += [status["Name"]] if status["State"].startswith("Z") else _zombies(int(child))
    return found
