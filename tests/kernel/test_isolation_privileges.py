"""What a container's processes may do: capabilities, no_new_privs, seccomp, devices, limits."""

import json
import os
from pathlib import Path

import pytest

from boxship.kernel import caps
from support import inside
from support.engines import Engine

DEFAULT = caps.mask(caps.DOCKER_DEFAULT)
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
NET_ADMIN, CHOWN = caps.mask(["CAP_NET_ADMIN"]), caps.mask(["CAP_CHOWN"])
KILL = caps.mask(["CAP_KILL"])
EVERYTHING = caps.mask(caps.available())


def sets(text: str) -> tuple[int, ...]:
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return tuple(int(fields[name], 16) for name in SETS)


@pytest.mark.parametrize(
    ("options", "held", "bounding"),
    [
        ([], DEFAULT, DEFAULT),
        (["--cap-add", "NET_ADMIN"], DEFAULT | NET_ADMIN, DEFAULT | NET_ADMIN),
        (["--cap-drop", "CHOWN"], DEFAULT & ~CHOWN, DEFAULT & ~CHOWN),
        (["--cap-drop", "ALL"], 0, 0),
        (["--cap-drop", "ALL", "--cap-add", "KILL"], KILL, KILL),
        (["--cap-add", "ALL"], EVERYTHING, EVERYTHING),
        (["--cap-add", "ALL", "--cap-drop", "CHOWN"], EVERYTHING & ~CHOWN, EVERYTHING & ~CHOWN),
        (["--privileged"], EVERYTHING, EVERYTHING),
        (["-u", "1000"], 0, DEFAULT),
        (["-u", "1000", "--cap-add", "NET_ADMIN"], 0, DEFAULT | NET_ADMIN),
        (["-u", "1000", "--privileged"], 0, EVERYTHING),
        (["--init"], DEFAULT, DEFAULT),
    ],
)
def test_the_five_sets(clean_boxship: Engine, options: list[str], held: int, bounding: int) -> None:
    container = inside.start(clean_boxship, *options, "busybox", "sleep", "1000")
    expected = (0, held, held, bounding, 0)
    show = ["cat", "/proc/self/status"]
    assert sets(Path(f"/proc/{inside.pid_of(clean_boxship, container)}/status").read_text()) == (
        expected
    )
    assert sets(clean_boxship.docker("exec", container, *show).stdout) == expected


def test_a_privileged_exec_gets_everything(clean_boxship: Engine) -> None:
    container = inside.start(clean_boxship, "busybox", "sleep", "1000")
    shown = clean_boxship.docker("exec", "--privileged", container, "cat", "/proc/self/status")
    assert sets(shown.stdout)[1] == EVERYTHING


@pytest.mark.parametrize(
    ("options", "privs", "mode"),
    [
        ([], "0", "2"),
        (["--security-opt", "no-new-privileges"], "1", "2"),
        (["--security-opt", "no-new-privileges", "-u", "1000"], "1", "2"),
        (["--security-opt", "seccomp=unconfined"], "0", "0"),
        (["--privileged"], "0", "0"),
    ],
)
def test_no_new_privs_and_seccomp(
    clean_boxship: Engine, options: list[str], privs: str, mode: str
) -> None:
    container = inside.start(clean_boxship, *options, "busybox", "sleep", "1000")
    show = ["grep", "-E", "^(NoNewPrivs|Seccomp):", "/proc/self/status"]
    expected = ["NoNewPrivs:", privs, "Seccomp:", mode]
    assert clean_boxship.docker("exec", container, *show).stdout.split() == expected
    status = inside.status_of(inside.pid_of(clean_boxship, container))
    assert (status["NoNewPrivs"], status["Seccomp"]) == (privs, mode)


def test_the_default_filter_and_capabilities_refuse_mounts(clean_boxship: Engine) -> None:
    mount = ["mount", "-t", "tmpfs", "none", "/tmp"]
    done = clean_boxship.docker("run", "--rm", "busybox", *mount, check=False)
    assert done.returncode == 1 and "permission denied" in done.stderr.lower()
    options = ["--cap-add", "SYS_ADMIN"]
    inside.run(clean_boxship, *options, "busybox", *mount)
    unshare = ["busybox", "unshare", "-m", "true"]
    assert clean_boxship.docker("run", "--rm", *unshare, check=False).returncode == 1
    inside.run(clean_boxship, *options, *unshare)


def _profile(directory: Path, **rules: object) -> list[str]:
    file = directory / "profile.json"
    file.write_text(json.dumps(rules))
    return ["--security-opt", f"seccomp={file}"]


def test_a_profile_of_the_users_own(clean_boxship: Engine, tmp_path: Path) -> None:
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}
    option = _profile(tmp_path, defaultAction="SCMP_ACT_ALLOW", syscalls=[rule])
    done = clean_boxship.docker("run", "--rm", *option, "busybox", "mkdir", "/x", check=False)
    assert done.returncode == 1 and "No space left on device" in done.stderr
    container = inside.start(clean_boxship, *option, "busybox", "sleep", "1000")
    done = clean_boxship.docker("exec", container, "mkdir", "/x", check=False)
    assert done.returncode == 1 and "No space left on device" in done.stderr


@pytest.mark.parametrize("names", [["openat2"], ["faccessat2", "faccessat"], ["execveat"]])
@pytest.mark.parametrize("options", [[], ["--security-opt", "no-new-privileges"], ["-u", "1000"]])
def test_profiles_that_lack_newer_calls_still_run_programs(
    clean_boxship: Engine, tmp_path: Path, names: list[str], options: list[str]
) -> None:
    """Profiles written years ago answer EPERM to what they do not know."""
    rule = {"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": 1}
    option = _profile(tmp_path, defaultAction="SCMP_ACT_ALLOW", syscalls=[rule])
    run = [*option, *options, "busybox", "echo", "runs"]
    assert inside.run(clean_boxship, *run) == "runs"
    container = inside.start(clean_boxship, *option, *options, "busybox", "sleep", "1000")
    assert clean_boxship.docker("exec", container, "echo", "runs").stdout == "runs\n"


def test_a_broken_profile_is_refused(clean_boxship: Engine, tmp_path: Path) -> None:
    option = _profile(tmp_path, defaultAction="SCMP_ACT_NONSENSE")
    done = clean_boxship.docker("run", "--rm", *option, "busybox", "true", check=False)
    assert done.returncode == 125


def test_device_nodes_can_be_made_but_not_opened(clean_boxship: Engine) -> None:
    """The cgroup decides: CAP_MKNOD alone gives no disk of the host."""
    script = (
        "mknod /disk b 254 0; mknod /mem c 1 1; mknod /kmsg c 1 11; ls /disk /mem /kmsg; "
        "for f in /disk /mem /kmsg; do head -c 1 $f; done"
    )
    done = clean_boxship.docker("run", "--rm", "busybox", "sh", "-c", script, check=False)
    assert done.stdout.split() == ["/disk", "/kmsg", "/mem"]
    assert done.stderr.count("Operation not permitted") == 3


def test_devices_that_were_given(clean_boxship: Engine) -> None:
    script = "cat /dev/mine < /dev/null | head -c 1; stat -c '%a %t,%T' /dev/mine"
    options = ["--device", "/dev/null:/dev/mine:r"]
    done = clean_boxship.docker(
        "run", "--rm", *options, "busybox", "sh", "-c", f"{script}; head -c 1 /dev/mine | wc -c"
    )
    assert done.stdout.split() == ["666", "1,3", "0"]
    rule = ["--device-cgroup-rule", "c 1:11 rwm"]
    script = "mknod /kmsg c 1 11 && dd if=/kmsg of=/dev/null bs=8192 count=1 iflag=nonblock"
    done = clean_boxship.docker("run", "--rm", *rule, "busybox", "sh", "-c", script, check=False)
    assert "Operation not permitted" not in done.stderr or "/kmsg" not in done.stderr


NODES = {
    "null": "666 1,3",
    "zero": "666 1,5",
    "full": "666 1,7",
    "random": "666 1,8",
    "urandom": "666 1,9",
    "tty": "666 5,0",
}


def test_contents_of_dev(clean_boxship: Engine) -> None:
    script = (
        "cd /dev; ls; for n in null zero full random urandom tty; do stat -c '%n %a %t,%T' $n; "
        "done; for l in fd stdin stdout stderr ptmx; do echo $l $(readlink $l); done; "
        "stat -c '%n %a' shm mqueue pts pts/ptmx; echo x > /dev/null; head -c 2 /dev/zero | wc -c"
    )
    lines = inside.run(clean_boxship, "busybox", "sh", "-c", script).splitlines()
    names = {line for line in lines if " " not in line}
    expected = {*NODES, "fd", "stdin", "stdout", "stderr", "ptmx", "shm", "mqueue", "pts"}
    assert names - {"core", "2"} == expected
    assert {f"{name} {rest}" for name, rest in NODES.items()} <= {*lines}
    assert {"fd /proc/self/fd", "stdout /proc/self/fd/1", "ptmx pts/ptmx"} <= {*lines}
    assert {"shm 1777", "mqueue 1777", "pts 755", "pts/ptmx 666"} <= {*lines} and lines[-1] == "2"


def test_privileged_containers_see_the_hosts_devices(clean_boxship: Engine) -> None:
    shown = set(inside.run(clean_boxship, "--privileged", "busybox", "ls", "/dev").split())
    hosts = {entry.name for entry in os.scandir("/dev") if not entry.is_symlink()}
    devices = {name for name in hosts if Path("/dev", name).is_block_device()}
    assert devices <= shown


def test_resource_limits(clean_boxship: Engine) -> None:
    options = ["--ulimit", "nofile=123:456", "--ulimit", "core=0", "--ulimit", "stack=-1"]
    container = inside.start(clean_boxship, *options, "-u", "1000", "busybox", "sleep", "1000")
    shown = Path(f"/proc/{inside.pid_of(clean_boxship, container)}/limits").read_text()
    again = clean_boxship.docker("exec", container, "cat", "/proc/self/limits").stdout
    for text in (shown, again):
        rows = {line[:25].strip(): line[25:].split()[:2] for line in text.splitlines()}
        assert rows["Max open files"] == ["123", "456"]
        assert rows["Max core file size"] == ["0", "0"]
        assert rows["Max stack size"] == ["unlimited", "unlimited"]


@pytest.mark.parametrize("score", ["0", "500", "-500"])
def test_scores_of_the_out_of_memory_killer(clean_boxship: Engine, score: str) -> None:
    """The shim's own is -998. To go below zero takes CAP_SYS_RESOURCE, which a host may lack."""
    able = bool(EVERYTHING & caps.mask(["CAP_SYS_RESOURCE"]))
    options = ["--oom-score-adj", score, "busybox", "sleep", "1000"]
    if score.startswith("-") and not able:
        done = clean_boxship.docker("run", "-d", *options, check=False)
        assert done.returncode == 126 and "/proc/self/oom_score_adj" in done.stderr
        return
    container = inside.start(clean_boxship, *options)
    pid = inside.pid_of(clean_boxship, container)
    shown = clean_boxship.docker("exec", container, "cat", "/proc/self/oom_score_adj").stdout
    shim = inside.parent_of(pid)
    assert Path(f"/proc/{pid}/oom_score_adj").read_text() == shown == f"{score}\n"
    assert Path(f"/proc/{shim}/comm").read_text() == "boxship-shim\n"
    assert Path(f"/proc/{shim}/oom_score_adj").read_text() == ("-998\n" if able else "0\n")


def test_a_container_cannot_make_itself_harder_to_kill(clean_boxship: Engine) -> None:
    script = "echo -900 > /proc/self/oom_score_adj"
    done = clean_boxship.docker("run", "--rm", "busybox", "sh", "-c", script, check=False)
    assert done.returncode == 1 and "ermission denied" in done.stderr


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ([], "uid=0(root) gid=0(root) groups=10(wheel)"),
        (["-u", "guest"], "uid=1000(guest) gid=1000(guest) groups=6(disk)"),
        (["-u", "1000:disk"], "uid=1000(guest) gid=6(disk)"),
        (["-u", "4242:4243"], "uid=4242 gid=4243"),
        (["-u", "guest", "--group-add", "tty", "--group-add", "777"], "groups=5(tty),6(disk),777"),
    ],
)
def test_users_and_groups(clean_boxship: Engine, options: list[str], shown: str) -> None:
    ids = inside.run(clean_boxship, *options, "busybox", "id")
    container = inside.start(clean_boxship, *options, "busybox", "sleep", "1000")
    again = clean_boxship.docker("exec", container, "id").stdout.strip()
    wanted = shown.removesuffix(" groups=10(wheel)")
    assert wanted in ids and wanted in again


def test_the_working_directory_may_be_one_that_only_root_can_enter(clean_boxship: Engine) -> None:
    assert inside.run(clean_boxship, "-u", "1000", "-w", "/root", "busybox", "pwd") == "/root"
    done = clean_boxship.docker("run", "--rm", "-u", "1000", "busybox", "ls", "/root", check=False)
    assert "Permission denied" in done.stderr
