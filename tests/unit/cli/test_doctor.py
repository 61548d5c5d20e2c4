"""The doctor: what it says about machines made of files, and that it changes nothing."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from boxship.base.errors import Unavailable
from boxship.cli.doctor import (
    cgroups,
    daemon,
    firewall,
    kernel,
    namespaces,
    programs,
    security,
    storage,
)
from boxship.cli.doctor.finding import Finding
from boxship.cli.doctor.machine import Machine, kernel_version
from boxship.cli.doctor.report import as_json, as_lines, examine, verdict
from boxship.cli.main import main
from boxship.cli.output.colors import painter

V2 = "30 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
V1 = (
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "34 31 0:31 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices\n"
)
Make = Callable[[dict[str, str]], Machine]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A machine whose files are these; names that end with a slash are directories."""

    def build(files: dict[str, str]) -> Machine:
        for name, text in files.items():
            path = tmp_path / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        return Machine(str(tmp_path), ("/bin",))

    return build


def status(findings: object, check: str) -> str:
    by_name = {found.check: found for found in list(findings)}  # type: ignore[call-overload]
    found: Finding = by_name[check]
    assert bool(found.mend) == (found.status != "ok"), "what is not well has its mend"
    return found.status


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ("6.12.1-amd64", (6, 12)),
        ("5.10", (5, 10)),
        ("6.8-rc1", (6, 8)),
        ("", (0, 0)),
        ("x", (0, 0)),
    ],
)
def test_kernel_versions(release: str, version: tuple[int, int]) -> None:
    assert kernel_version(release) == version


def kernel_files(release: str, file_systems: str) -> dict[str, str]:
    return {"proc/sys/kernel/osrelease": release + "\n", "proc/filesystems": file_systems}


@pytest.mark.parametrize(
    ("release", "file_systems", "expected"),
    [
        ("6.18.1", "nodev\toverlay\n\terofs\n", ("ok", "ok", "ok")),
        ("6.1.0-13", "nodev\toverlay\n\terofs\n", ("ok", "warn", "ok")),
        ("6.18.1", "nodev\toverlay\n", ("ok", "warn", "ok")),
        ("5.4.0", "nodev\tproc\n", ("fail", "warn", "fail")),
    ],
)
def test_kernels(make: Make, release: str, file_systems: str, expected: tuple[str, ...]) -> None:
    found = list(kernel.findings(make(kernel_files(release, file_systems))))
    checks = ("version", "EROFS", "overlayfs")
    assert tuple(status(found, check) for check in checks) == expected


def test_modules_that_would_be_loaded_count(make: Make) -> None:
    files = kernel_files("6.18.1", "nodev\toverlay\n")
    files["lib/modules/6.18.1/modules.dep"] = "kernel/fs/erofs/erofs.ko.xz: kernel/lib/x.ko\n"
    assert status(kernel.findings(make(files)), "EROFS") == "ok"


def test_a_kernel_built_without_mounts_of_files(make: Make, tmp_path: Path) -> None:
    machine = make(kernel_files("6.18.1", "nodev\toverlay\n\terofs\n"))
    packed = gzip.compress(b"# CONFIG_EROFS_FS_BACKED_BY_FILE is not set\n")
    (tmp_path / "proc/config.gz").write_bytes(packed)
    assert status(kernel.findings(machine), "EROFS") == "warn"


def test_the_second_version_of_control_groups(make: Make) -> None:
    files = {"proc/self/mountinfo": V2, "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io pids\n"}
    found = list(cgroups.findings(make(files)))
    assert status(found, "version") == "ok" and found[0].detail == "2"
    assert status(found, "memory") == "warn"
    assert status(found, "io") == "ok"


def test_the_first_version_of_control_groups(make: Make) -> None:
    found = list(cgroups.findings(make({"proc/self/mountinfo": V1})))
    assert found[0].detail == "1"
    assert [status(found, name) for name in ("cpu", "memory", "pids")] == ["ok", "ok", "warn"]
    assert [status(found, name) for name in ("devices", "freezer")] == ["ok", "fail"]


def test_no_control_groups(make: Make) -> None:
    assert status(cgroups.findings(make({})), "version") == "fail"


def namespace_files() -> dict[str, str]:
    kinds = ("mnt", "pid", "net", "ipc", "uts", "cgroup", "user")
    return {f"proc/self/ns/{kind}": "" for kind in kinds}


def test_namespaces(make: Make) -> None:
    found = list(namespaces.findings(make(namespace_files())))
    assert [status(found, name) for name in ("kinds", "cgroup", "user")] == ["ok"] * 3


@pytest.mark.parametrize(
    ("path", "value", "check", "expected"),
    [
        ("proc/sys/user/max_net_namespaces", "0", "kinds", "fail"),
        ("proc/sys/user/max_user_namespaces", "0", "user", "warn"),
        ("proc/sys/kernel/unprivileged_userns_clone", "0", "user", "warn"),
        ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "user", "warn"),
        ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "0", "user", "ok"),
    ],
)
def test_namespaces_that_are_limited(
    make: Make, path: str, value: str, check: str, expected: str
) -> None:
    assert status(namespaces.findings(make({**namespace_files(), path: value})), check) == expected


def test_security(make: Make) -> None:
    assert status(security.findings(make({})), "seccomp") == "warn"
    files = {
        "proc/sys/kernel/seccomp/actions_avail": "kill_thread errno allow\n",
        "sys/module/apparmor/parameters/enabled": "Y\n",
        "sys/fs/selinux/enforce": "1",
    }
    found = list(security.findings(make(files)))
    assert [status(found, name) for name in ("seccomp", "AppArmor", "SELinux")] == [
        "ok",
        "ok",
        "warn",
    ]


@pytest.mark.parametrize(
    ("files", "check", "expected"),
    [
        ({}, "forwarding", "warn"),
        ({"proc/sys/net/ipv4/ip_forward": "1\n"}, "forwarding", "ok"),
        ({}, "firewall", "ok"),
        ({"etc/ufw/ufw.conf": "ENABLED=no\n"}, "firewall", "ok"),
        ({"etc/ufw/ufw.conf": "ENABLED=yes\n"}, "ufw", "ok"),
        (
            {
                "etc/ufw/ufw.conf": "ENABLED=yes\n",
                "etc/default/ufw": 'DEFAULT_FORWARD_POLICY="ACCEPT"\n',
            },
            "ufw",
            "ok",
        ),
        ({"run/firewalld.pid": "1"}, "firewalld", "warn"),
        ({"run/firewalld.pid": "1", "bin/firewall-cmd": ""}, "firewalld", "ok"),
        ({"sys/class/net/docker0/": ""}, "dockerd", "ok"),
        ({"proc/net/ip_tables_names": "nat\nfilter\n"}, "iptables-legacy", "warn"),
    ],
)
def test_firewalls(make: Make, files: dict[str, str], check: str, expected: str) -> None:
    assert status(firewall.findings(make(files)), check) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("ext4", "ok"), ("xfs", "ok"), ("nfs4", "fail"), ("overlay", "fail"), ("tmpfs", "warn")],
)
def test_file_systems(make: Make, kind: str, expected: str) -> None:
    mounts = (
        "1 0 8:1 / / rw - ext4 /dev/a rw\n"
        f"2 1 8:2 / /var/my\\040data rw - {kind} /dev/b rw\n"
        "3 1 8:3 / /var/my\\040dat rw - vfat /dev/c rw\n"
    )
    machine = make({"proc/self/mountinfo": mounts, "var/my data/": ""})
    found = list(storage.findings(machine, "/var/my data/boxship"))
    assert status(found, "file system") == expected
    assert "/var/my data)" in found[0].detail


def test_programs(make: Make) -> None:
    found = list(programs.findings(make({"bin/ps": ""})))
    assert [status(found, name) for name in ("ps", "ssh", "msgspec")] == ["ok", "warn", "ok"]


def test_daemons() -> None:
    error = Unavailable("nobody there")
    assert status(daemon.findings("unix:///x", True, {}, error), "address") == "ok"
    assert status(daemon.findings("unix:///x", False, {}, error), "address") == "fail"
    info = {"ServerVersion": "0.0.1", "Warnings": ["WARNING: No swap limit support"]}
    found = list(daemon.findings("unix:///x", True, info, None))
    assert [status(found, name) for name in ("address", "version", "warning")] == [
        "ok",
        "warn",
        "warn",
    ]


def test_what_the_daemon_says_of_firewalls() -> None:
    seen = {
        "Rules": ["dockerd DOCKER-USER"],
        "Obstacles": ["inet own transit"],
        "Bypassed": ["ip filter INPUT"],
        "Mark": "0x1/0x1",
    }
    found = list(daemon.findings("unix:///x", True, {"Firewall": seen}, None))
    names = ("foreign rules", "firewall", "published ports")
    assert [status(found, name) for name in names] == ["ok", "warn", "warn"]
    nothing = {"Rules": [], "Obstacles": [], "Bypassed": []}
    found = list(daemon.findings("unix:///x", True, {"Firewall": nothing}, None))
    assert not {*names} & {each.check for each in found}


def test_the_report_has_every_finding_in_both_forms(make: Make) -> None:
    report = examine(make({}), "/var/lib/boxship")
    text = "\n".join(as_lines(report, painter(terminal=False)))
    checks = as_json(report)["checks"]
    assert verdict(report) == as_json(report)["status"] == "fail"
    assert len(checks) == sum(len(findings) for _, findings in report)
    assert all(check["detail"] in text and check["mend"] in text for check in checks)
    assert "\x1b" not in text


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert painter(terminal=True)("x", "red") == "\x1b[31mx\x1b[0m"
    assert painter(terminal=False)("x", "red") == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert painter(terminal=True)("x", "red") == "x"


def test_this_machine_is_examined_and_no_daemon_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    code = main(["-H", f"unix://{tmp_path}/none", "doctor", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code == 1 and found["status"] == "fail"
    topics = {check["topic"] for check in found["checks"]}
    assert {"Kernel", "Control groups", "Storage", "Daemon"} <= topics
    assert os.listdir(tmp_path) == []


def test_another_machines_daemon_makes_this_one_irrelevant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["-H", "tcp://127.0.0.1:1", "doctor"]) == 1
    out = capsys.readouterr().out
    assert "Daemon" in out and "Kernel" not in out
