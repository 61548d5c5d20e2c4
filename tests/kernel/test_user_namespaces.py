"""Containers in user namespaces (``--userns-remap``): who is who, and what root is not allowed."""

import fcntl
import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines, leaks
from support.engines import REMAPPED_GID, REMAPPED_UID, Engine
from support.requirements import require_root, require_tool

KINDS = ("mnt", "pid", "net", "ipc", "uts")
_NS_GET_USERNS = 0xB701
ROOT = (REMAPPED_UID, REMAPPED_GID)


@pytest.fixture(scope="module")
def daemon() -> Iterator[Engine]:
    require_root()
    require_tool("docker", "unshare", "busybox", "ip")
    with engines.running("remapped") as engine:
        host = open(f"/proc/{engine.pid}/ns/net", "rb")
        yield engine
    with host:
        assert leaks.settled(lambda: leaks.of_daemon(engine.root, host)) == []


def sh(daemon: Engine, script: str, *options: str) -> str:
    """What *script* prints in a container that goes."""
    return daemon.docker("run", "--rm", *options, "busybox", "sh", "-c", script).stdout


def owner(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_uid, found.st_gid


def test_root_is_somebody_else_outside(daemon: Engine) -> None:
    daemon.docker("run", "-d", "--name", "box", "busybox", "sleep", "1000")
    pid = daemon.docker("inspect", "-f", "{{.State.Pid}}", "box").stdout.strip()
    status = Path(f"/proc/{pid}/status").read_text()
    assert f"Uid:\t{REMAPPED_UID}\t{REMAPPED_UID}" in status
    assert f"Gid:\t{REMAPPED_GID}\t{REMAPPED_GID}" in status
    assert daemon.docker("exec", "box", "id", "-u").stdout == "0\n"
    assert daemon.docker("exec", "-u", "7:8", "box", "id").stdout == "uid=7 gid=8 groups=8\n"
    assert str(REMAPPED_UID) in daemon.docker("top", "box").stdout
    daemon.docker("rm", "-f", "box")


def test_maps(daemon: Engine) -> None:
    maps = sh(daemon, "cat /proc/self/uid_map /proc/self/gid_map").split()
    assert maps == ["0", str(REMAPPED_UID), "65536", "0", str(REMAPPED_GID), "65536"]


def test_files_of_the_image_belong_to_root(daemon: Engine) -> None:
    assert sh(daemon, "stat -c %u:%g / /bin/busybox /etc/passwd").split() == ["0:0"] * 3


def test_namespaces_belong_to_the_containers_own(daemon: Engine) -> None:
    """Whose root may change what is in them, and nobody else's (ioctl_ns(2))."""
    daemon.docker("run", "-d", "--name", "box", "busybox", "sleep", "1000")
    pid = daemon.docker("inspect", "-f", "{{.State.Pid}}", "box").stdout.strip()
    users = os.stat(f"/proc/{pid}/ns/user").st_ino
    assert users != os.stat("/proc/self/ns/user").st_ino
    assert {kind: _owner_of(f"/proc/{pid}/ns/{kind}") for kind in KINDS} == dict.fromkeys(
        KINDS, users
    )
    daemon.docker("rm", "-f", "box")


def _owner_of(path: str) -> int:
    with open(path, "rb") as namespace:
        fd = fcntl.ioctl(namespace, _NS_GET_USERNS)
    try:
        return os.fstat(fd).st_ino
    finally:
        os.close(fd)


def test_root_has_its_rights_inside(daemon: Engine) -> None:
    script = "hostname new && mount -t tmpfs none /mnt && ip link set lo down && hostname"
    options = ("--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN", "--network", "none")
    unconfined = ("--security-opt", "seccomp=unconfined")
    made = "mkdir -p /mnt && "
    assert sh(daemon, made + script, *options, *unconfined) == "new\n"


@pytest.mark.parametrize(
    "attempt",
    [
        "mknod /x c 1 3",
        "date -s 2001-01-01; test $(date +%Y) = 2001",
        "sysctl -w kernel.panic=7",
        "sysctl -w vm.swappiness=1",
        "echo 1 > /bound/of-root",
        "chown 0 /bound/of-root",
        "cat /bound/secret",
        "rm /bound/of-root",
        "mount -t ext4 /dev/vda /mnt",
    ],
)
def test_root_has_no_rights_outside(daemon: Engine, tmp_path: Path, attempt: str) -> None:
    os.chmod(tmp_path, 0o755)
    (tmp_path / "of-root").write_text("host")
    (tmp_path / "secret").touch(0o600)
    capabilities = [f"--cap-add={name}" for name in ("SYS_ADMIN", "MKNOD", "SYS_TIME", "SYS_RAWIO")]
    done = daemon.docker(
        *("run", "--rm", "-v", f"{tmp_path}:/bound", "--security-opt", "seccomp=unconfined"),
        *(*capabilities, "busybox", "sh", "-c", attempt),
        check=False,
    )
    assert done.returncode != 0
    assert (tmp_path / "of-root").read_text() == "host"
    assert owner(tmp_path / "of-root") == (0, 0)


def test_volumes_belong_to_root(daemon: Engine) -> None:
    assert sh(daemon, "touch /v/x; stat -c %u:%g /v /v/x", "-v", "kept:/v") == "0:0\n0:0\n"
    place = daemon.docker("volume", "inspect", "-f", "{{.Mountpoint}}", "kept").stdout.strip()
    assert owner(Path(place, "x")) == owner(Path(place)) == ROOT


def test_copy_up_keeps_owners(daemon: Engine) -> None:
    script = "mkdir /data && touch /data/root /data/user && chown 5:6 /data/user"
    daemon.docker("run", "--name", "maker", "busybox", "sh", "-c", script)
    daemon.docker("commit", "maker", "owners")
    daemon.docker("rm", "maker")
    arguments = ("run", "--rm", "-v", "up:/data", "owners")
    shown = daemon.docker(*arguments, "stat", "-c", "%n %u:%g", "/data/root", "/data/user").stdout
    assert shown.splitlines() == ["/data/root 0:0", "/data/user 5:6"]
    place = daemon.docker("volume", "inspect", "-f", "{{.Mountpoint}}", "up").stdout.strip()
    assert owner(Path(place, "user")) == (REMAPPED_UID + 5, REMAPPED_GID + 6)


def test_directories_made_for_binds_belong_to_root(daemon: Engine, tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o755)
    sh(daemon, "touch /n/file", "-v", f"{tmp_path}/a/b:/n")
    assert owner(tmp_path / "a") == owner(tmp_path / "a/b/file") == ROOT


def test_archives_have_the_containers_owners(daemon: Engine) -> None:
    daemon.docker("create", "--name", "box", "busybox", "true")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("given")
        member.uid, member.gid = 12, 13
        archive.addfile(member)
    daemon.docker("cp", "-a", "-", "box:/tmp", stdin=buffer.getvalue())
    taken = daemon.docker("cp", "box:/tmp/given", "-").stdout.encode("latin-1")
    with tarfile.open(fileobj=io.BytesIO(taken)) as archive:
        found = archive.getmember("given")
    assert (found.uid, found.gid) == (12, 13)
    daemon.docker("rm", "box")


def test_namespaces_can_be_shared(daemon: Engine) -> None:
    daemon.docker("run", "-d", "--name", "box", "--ipc", "shareable", "busybox", "sleep", "1000")
    shared = ("--pid", "container:box", "--ipc", "container:box", "--network", "container:box")
    seen = sh(
        daemon, "for n in 1 self; do readlink /proc/$n/ns/net; done; ps", *shared
    ).splitlines()
    assert seen[0] == seen[1]
    assert any("sleep 1000" in line for line in seen)
    daemon.docker("rm", "-f", "box")


def test_a_terminal(daemon: Engine) -> None:
    daemon.docker(
        "run", "-d", "-t", "--name", "box", "busybox", "sh", "-c", "tty; stat -c %u $(tty)"
    )
    daemon.docker("wait", "box")
    assert daemon.docker("logs", "box").stdout.split() == ["/dev/pts/0", "0"]
    daemon.docker("rm", "-f", "box")


def test_devices_can_be_opened(daemon: Engine) -> None:
    script = "head -c 3 /dev/zero | wc -c; echo x > /dev/null; head -c 1 /dev/here | wc -c"
    assert sh(daemon, script, "--device", "/dev/zero:/dev/here").split() == ["3", "1"]


def test_the_hosts_namespace_by_request(daemon: Engine) -> None:
    found = sh(daemon, "cat /proc/self/uid_map", "--userns", "host").split()
    assert found == ["0", "0", "4294967295"]


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (
            "--privileged",
            "privileged mode is incompatible with user namespaces.  You must run the container in "
            "the host namespace when running privileged mode",
        ),
        (
            "--network=host",
            "cannot share the host's network namespace when user namespaces are enabled",
        ),
        ("--pid=host", "cannot share the host PID namespace when user namespaces are enabled"),
    ],
)
def test_what_needs_the_hosts_users(daemon: Engine, option: str, text: str) -> None:
    done = daemon.docker("run", "--rm", option, "busybox", "true", check=False)
    assert done.returncode == 125
    assert text in done.stderr
    assert sh(daemon, "echo ok", option, "--userns", "host") == "ok\n"


def test_info_says_so(daemon: Engine) -> None:
    assert "name=userns" in daemon.docker("info", "-f", "{{.SecurityOptions}}").stdout


def test_a_container_outlives_the_daemon(daemon: Engine) -> None:
    daemon.docker("run", "-d", "--name", "box", "busybox", "sleep", "1000")
    daemon.stop()
    daemon.start()
    assert daemon.docker("exec", "box", "id", "-u").stdout == "0\n"
    daemon.docker("restart", "-t", "0", "box")
    assert daemon.docker("exec", "box", "id", "-u").stdout == "0\n"
    daemon.docker("rm", "-f", "box")


def test_names_are_resolved_and_files_belong_to_root(daemon: Engine) -> None:
    daemon.docker("network", "create", "named")
    for name in ("one", "two"):
        words = ("--network", "named", "--name", name, "busybox", "sleep", "1000")
        daemon.docker("run", "-d", *words)
    found = daemon.docker("exec", "two", "hostname", "-i").stdout.strip()
    assert f"Address: {found}\n" in daemon.docker("exec", "one", "nslookup", "two").stdout
    script = "echo '# mine' >> /etc/resolv.conf; echo 9.9.9.9 nine >> /etc/hosts"
    daemon.docker("exec", "one", "sh", "-c", script)
    assert "9.9.9.9" in daemon.docker("exec", "one", "cat", "/etc/hosts").stdout
    daemon.docker("rm", "-f", "one", "two")
    daemon.docker("network", "rm", "named")


@pytest.mark.parametrize(
    ("user", "kind"), [("70000", "uid"), ("0:70000", "gid"), ("1:65536", "gid")]
)
def test_users_beyond_the_range_are_nobody(daemon: Engine, user: str, kind: str) -> None:
    done = daemon.docker("run", "--rm", "--user", user, "busybox", "true", check=False)
    assert f"unable to setup user: cannot set {kind} to unmapped user" in done.stderr
    assert sh(daemon, "id -u; cat /proc/self/uid_map", "--user", "65535").split()[:2] == [
        "65535",
        "0",
    ]


def test_files_of_other_users_come_in_by_no_way(daemon: Engine, tmp_path: Path) -> None:
    """A program of the host's root, given by a bind, runs as who runs it; an archive brings no
    owner that there is no number for, and no device."""
    os.chmod(tmp_path, 0o755)
    program = tmp_path / "id"
    program.write_bytes(Path("/bin/busybox").read_bytes())
    program.chmod(0o4755)
    bound = ("--user", "7:8", "-v", f"{tmp_path}:/bound")
    assert sh(daemon, "/bound/id -u", *bound) == "7\n"
    assert sh(daemon, "/bin/busybox id -u; stat -c %u:%g /bound/id", *bound).split() == [
        "7",
        "65534:65534",
    ]
    daemon.docker("create", "--name", "box", "-v", "kept2:/v", "busybox", "sleep", "1000")
    for kind, number, reason in (
        (tarfile.REGTYPE, 70_000, "invalid argument"),
        (tarfile.BLKTYPE, 0, "operation not permitted"),
    ):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            member = tarfile.TarInfo("given")
            member.uid, member.type = number, kind
            archive.addfile(member)
        for place in ("box:/", "box:/v"):
            done = daemon.docker("cp", "-a", "-", place, stdin=buffer.getvalue(), check=False)
            assert reason in done.stderr
    daemon.docker("rm", "box")


def test_other_users_of_the_host_reach_no_volume(daemon: Engine) -> None:
    """Where a program of root's could lie: containers without remapping write there as root."""
    script = "cp /bin/busybox /v/root; chmod 4755 /v/root; chmod 777 /v"
    sh(daemon, script, "--userns", "host", "-v", "suid:/v")
    place = daemon.docker("volume", "inspect", "-f", "{{.Mountpoint}}", "suid").stdout.strip()
    for _ in range(2):
        assert Path(place, "root").stat().st_mode & 0o4000
        found = subprocess.run(
            ["stat", f"{place}/root"], user=65534, group=65534, capture_output=True
        )
        assert b"Permission denied" in found.stderr
        # The data root may be one that is open since an earlier version.
        Path(f"/proc/{daemon.pid}/root{daemon.root}/data").chmod(0o711)
