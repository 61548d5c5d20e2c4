"""Cgroups for tests: under a prefix of this process, removed afterwards; processes inside."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boxship.kernel import cgroup
from boxship.kernel.cgroup import tree
from boxship.kernel.cgroup.layout import Layout

PREFIX = f"/boxship-test-{os.getpid()}"


def layout_of(version: int) -> Layout:
    """The host's hierarchies of one version; skips where there is none."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    kind = " - cgroup " if version == 1 else " - cgroup2 "
    mounts = "\n".join(line for line in lines if kind in line)
    if not mounts:
        pytest.skip(f"kernel: no cgroup v{version} is mounted here")
    layout = cgroup.detect(mounts, "0::/\n")
    assert layout.version == version
    return layout


def remove_prefix(layout: Layout) -> None:
    """Remove what the test left under the prefix, with its processes."""
    for mount in dict.fromkeys(layout.mounts.values()):
        directory = mount + PREFIX
        if os.path.isdir(directory):
            for place in tree.walk(directory):
                for name, value in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
                    with contextlib.suppress(OSError):
                        Path(place, name).write_text(value)
            tree.kill_all(directory)
            tree.remove(directory, 5)


@contextlib.contextmanager
def inside(group: cgroup.Cgroup, work: Callable[[], object]) -> Iterator[int]:
    """A forked child that joins *group* and calls *work*; killed and reaped at the end.

    Its exit code is 0 after *work*, or the errno of an OSError.
    """
    pid = os.fork()
    if pid == 0:
        try:
            group.join()
            work()
        except OSError as error:
            os._exit(error.errno or 255)
        except BaseException:
            os._exit(254)
        os._exit(0)
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def sleep() -> None:
    time.sleep(60)


def spin() -> None:
    while True:
        pass


def exit_code(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def eventually(probe: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def cpu_ticks(pid: int) -> int:
    """User and system time of *pid* so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
