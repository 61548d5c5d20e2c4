"""A systemd of our own: process 1 of its own namespaces, in a control group of its own."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from support.waiting import eventually

SYSTEMD = "/usr/lib/systemd/systemd"
# Under emulation, everything takes longer.
SECONDS = 100.0
_CGROUPS = Path("/sys/fs/cgroup")
# Process 1 alone joins the group: others in it would keep controllers from those below.
_JOIN = 'echo 0 >"$GROUP/cgroup.procs"; exec unshare --cgroup sh -ec "$START"'
_START = """
mount --make-rprivate /
umount -l /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mount -t proc proc /proc
mkdir -p /var/lib/boxship
for place in /run /etc/systemd/system /var/lib/boxship /var/log; do mount -t tmpfs none $place; done
ip link set lo up
exec env -i PATH="$PATH" container=test SYSTEMD_LOG_TARGET=null \
    $SYSTEMD --system --unit=basic.target </dev/null
"""
_SPACES = ("--pid", "--mount", "--uts", "--ipc", "--net")


class ServiceManager:
    """Started in ``with``; everything that it and its services started ends with it."""

    def __init__(self) -> None:
        self.group = _CGROUPS / f"boxship-test-systemd-{os.getpid()}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "ServiceManager":
        self.group.mkdir()
        controllers = (_CGROUPS / "cgroup.controllers").read_text().split()
        switches = " ".join(f"+{name}" for name in controllers)
        (_CGROUPS / "cgroup.subtree_control").write_text(switches)
        self._process = subprocess.Popen(
            ["unshare", *_SPACES, "--fork", "--kill-child", "sh", "-ec", _JOIN],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "SYSTEMD": SYSTEMD, "GROUP": str(self.group), "START": _START},
        )
        try:
            eventually(self._is_up, SECONDS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _is_up(self) -> bool:
        asked = ("systemctl", "is-active", "basic.target")
        return bool(self._children()) and self.run(*asked, check=False).stdout == "active\n"

    def _children(self) -> list[str]:
        assert self._process is not None
        pid = self._process.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    @property
    def pid(self) -> int:
        """Process 1, as seen from here."""
        return int(self._children()[0])

    def run(self, *words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a program where systemd's own programs run."""
        done = subprocess.run(
            ["nsenter", "--target", str(self.pid), "--all", *words],
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
        return done

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        eventually(self._removed, SECONDS)

    def _removed(self) -> bool:
        for directory, _, _ in os.walk(self.group, topdown=False):
            try:
                os.rmdir(directory)
            except OSError:
                return False
        return True


def available() -> bool:
    return os.path.exists(SYSTEMD) and shutil.which("nsenter") is not None
