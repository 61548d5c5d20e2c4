"""What a daemon may leave on the host: nothing. Lists what it did leave.

Attribution goes by what a leak still carries of its owner: the daemon's directory in a mount
table or a command line, its network namespace, or its cgroup parent.
"""

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

SETTLE_SECONDS = 5.0


def mounts(root: Path) -> list[str]:
    """Mounts of this namespace that name *root*."""
    table = Path("/proc/self/mountinfo").read_text()
    return [line for line in table.splitlines() if str(root) in line]


def _mentions(pid: str, root: Path) -> bool:
    for name in ("cmdline", "mountinfo"):
        try:
            if os.fsencode(root) in Path("/proc", pid, name).read_bytes():
                return True
        except OSError:
            continue
    return False


def processes(root: Path, network_namespace: str | None = None) -> list[str]:
    """Processes that run on *root*'s mounts, were started with it, or live in its namespace."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) == os.getpid():
            continue
        try:
            namespace = os.readlink(f"/proc/{pid}/ns/net")
            name = Path("/proc", pid, "comm").read_text().strip()
        except OSError:
            continue
        if namespace == network_namespace or _mentions(pid, root):
            found.append(f"{pid} {name}")
    return found


def cgroups(parent: str) -> list[Path]:
    """Control groups below those named *parent*, which one daemon has for itself."""
    found = []
    for directory, names, _files in os.walk("/sys/fs/cgroup"):
        if Path(directory).name == parent:
            found += [Path(directory, name) for name in names]
    return found


def remove_cgroups(parent: str) -> None:
    """Remove the groups named *parent* and those below them; what has members stays."""
    for directory, names, _files in os.walk("/sys/fs/cgroup"):
        if parent not in names:
            continue
        for group, _names, _files in os.walk(Path(directory, parent), topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(group)


def of_daemon(root: Path, host: IO[bytes]) -> list[str]:
    """Everything that is left of the daemon over *root*. *host* is its network namespace, which has
    to be open since the daemon lived: another namespace may get the number of one that is gone."""
    number = os.fstat(host.fileno()).st_ino
    groups = list(map(str, cgroups(root.name)))
    return mounts(root) + processes(root, f"net:[{number}]") + groups


def settled(probe: Callable[[], Sequence[object]]) -> Sequence[object]:
    """The result of *probe* once it is empty or the time to settle is over."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while (left := probe()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
