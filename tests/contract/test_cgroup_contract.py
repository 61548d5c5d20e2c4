"""Both cgroup versions keep the promises of kernel/cgroup/interface.py."""

import errno
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.base.errors import InvalidParameter, NotSupported
from boxship.kernel import cgroup
from boxship.kernel.cgroup.devices import DeviceRule
from boxship.kernel.cgroup.layout import Layout
from boxship.kernel.cgroup.resources import Memory, Resources
from support.cgroups import (
    PREFIX,
    cpu_ticks,
    eventually,
    exit_code,
    inside,
    layout_of,
    remove_prefix,
    sleep,
    spin,
)
from support.requirements import require_root

DENY = DeviceRule(False)
NULL_ONLY = (DENY, DeviceRule(True, "c", 1, 3, "rw"))


@pytest.fixture(params=[1, 2], ids=["v1", "v2"])
def layout(request: pytest.FixtureRequest) -> Iterator[Layout]:
    require_root()
    found = layout_of(request.param)
    yield found
    remove_prefix(found)


@pytest.fixture
def group(layout: Layout) -> cgroup.Cgroup:
    made = cgroup.open_group(layout, f"{PREFIX}/box")
    made.create()
    return made


def directories(layout: Layout, path: str = "/box") -> list[bool]:
    mounts = dict.fromkeys(layout.mounts.values())
    return [os.path.isdir(mount + PREFIX + path) for mount in mounts]


def stopped(pid: int) -> bool:
    before = cpu_ticks(pid)
    time.sleep(0.1)
    return cpu_ticks(pid) == before


def test_create_and_destroy_reach_every_hierarchy(layout: Layout, group: cgroup.Cgroup) -> None:
    assert all(directories(layout))
    group.destroy()
    assert not any(directories(layout))
    assert all(directories(layout, ""))


def test_destroy_of_nothing_is_fine(layout: Layout) -> None:
    group = cgroup.open_group(layout, f"{PREFIX}/never")
    group.destroy()
    group.kill()
    assert group.processes() == []


def test_create_replaces_an_empty_leftover(layout: Layout, group: cgroup.Cgroup) -> None:
    mount = next(iter(layout.mounts.values()))
    os.mkdir(f"{mount}{PREFIX}/box/nested")
    group.create()
    assert not os.path.exists(f"{mount}{PREFIX}/box/nested")


def test_create_leaves_an_inhabited_one_alone(group: cgroup.Cgroup) -> None:
    with inside(group, sleep) as pid:
        assert eventually(lambda: group.processes() == [pid])
        with pytest.raises(OSError) as caught:
            group.create()
        assert caught.value.errno == errno.EBUSY
        assert group.processes() == [pid]


def test_deep_parents_are_made(layout: Layout) -> None:
    group = cgroup.open_group(layout, f"{PREFIX}/a/b/c")
    group.create()
    with inside(group, lambda: None) as pid:
        assert exit_code(pid) == 0
    assert all(directories(layout, "/a/b/c"))


def test_a_process_joins_every_hierarchy(layout: Layout, group: cgroup.Cgroup) -> None:
    with inside(group, sleep) as pid:
        assert eventually(lambda: group.processes() == [pid])
        lines = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().split()]
        paths = {name: path for _, names, path in lines for name in names.split(",")}
        keys = {"unified": ""} if layout.version == 2 else {}
        for name in layout.mounts:
            candidates = (keys.get(name, name), f"name={name}")
            assert f"{PREFIX}/box" in [paths.get(candidate) for candidate in candidates], name


def test_another_process_is_moved(group: cgroup.Cgroup) -> None:
    pid = os.fork()
    if pid == 0:
        sleep()
        os._exit(0)
    try:
        group.join(pid)
        assert group.processes() == [pid]
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_join_files_work_after_the_directory_is_out_of_sight(group: cgroup.Cgroup) -> None:
    fds = group.open_join_files()
    pid = os.fork()
    if pid == 0:
        os.chroot("/proc/self/fdinfo")
        for fd in fds:
            os.write(fd, b"0")
        sleep()
    try:
        assert eventually(lambda: group.processes() == [pid])
    finally:
        for fd in fds:
            os.close(fd)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_processes_below_count(layout: Layout, group: cgroup.Cgroup) -> None:
    below = cgroup.open_group(layout, f"{PREFIX}/box/nested")
    below.create()
    with inside(below, sleep) as pid:
        assert eventually(lambda: group.processes() == [pid])
        group.kill()
        assert exit_code(pid) == -signal.SIGKILL
    group.destroy()
    assert not any(directories(layout))


def test_freeze_stops_and_thaw_resumes(group: cgroup.Cgroup) -> None:
    with inside(group, spin) as pid:
        assert eventually(lambda: cpu_ticks(pid) > 1)
        assert not group.frozen()
        group.freeze()
        assert group.frozen()
        assert stopped(pid)
        group.thaw()
        before = cpu_ticks(pid)
        assert eventually(lambda: cpu_ticks(pid) > before)
        assert not group.frozen()


def test_freezing_an_empty_group(group: cgroup.Cgroup) -> None:
    group.freeze()
    assert group.frozen()
    with inside(group, spin) as pid:
        assert eventually(lambda: group.processes() == [pid])
        assert eventually(lambda: stopped(pid))
        before = cpu_ticks(pid)
        group.thaw()
        assert eventually(lambda: cpu_ticks(pid) > before)


def test_kill_reaches_frozen_processes(group: cgroup.Cgroup) -> None:
    with inside(group, sleep) as pid:
        assert eventually(lambda: group.processes() == [pid])
        group.freeze()
        group.kill()
        assert exit_code(pid) == -signal.SIGKILL


def breed() -> None:
    """Fork for ever; parents end at once, so that no pid lives long."""
    while True:
        if os.fork():
            os._exit(0)


def test_kill_catches_processes_that_fork_without_end(group: cgroup.Cgroup) -> None:
    def start() -> None:
        for _ in range(4):
            if os.fork() == 0:
                breed()

    with inside(group, start) as pid:
        assert exit_code(pid) == 0
        assert eventually(lambda: bool(group.processes()))
        group.kill()
        assert eventually(lambda: not group.processes())
    group.destroy()


def test_a_busy_hierarchy_keeps_no_other(layout: Layout, group: cgroup.Cgroup) -> None:
    mounts = [*dict.fromkeys(layout.mounts.values())]
    other = cgroup.open_group(layout, f"{PREFIX}/other")
    other.create()
    with inside(other, sleep) as pid:
        assert eventually(lambda: other.processes() == [pid])
        Path(f"{mounts[0]}{PREFIX}/box/cgroup.procs").write_text(str(pid))
        with pytest.raises(OSError):
            group.destroy(0.01)
        assert directories(layout) == [True, *[False] * (len(mounts) - 1)]


def test_destroy_waits_for_the_dying(layout: Layout, group: cgroup.Cgroup) -> None:
    with inside(group, sleep) as pid:
        assert eventually(lambda: group.processes() == [pid])
        with pytest.raises(OSError) as caught:
            group.destroy(0.01)
        assert caught.value.errno == errno.EBUSY
        group.kill()
        group.destroy()
        assert not any(directories(layout))


def attempt(path: str, flags: int) -> int:
    try:
        os.close(os.open(path, flags))
    except OSError as error:
        return error.errno or -1
    return 0


def device_access(group: cgroup.Cgroup) -> dict[str, int]:
    """The errno of uses of devices by a process in the group."""
    read, write = os.pipe()

    def work() -> None:
        tries = (
            attempt("/dev/null", os.O_RDWR),
            attempt("/dev/zero", os.O_RDONLY),
            attempt("/dev/zero", os.O_WRONLY),
            attempt("/dev/urandom", os.O_RDONLY),
            make_node(0o020000, 1, 5),
            make_node(0o060000, 1, 5),
        )
        os.write(write, bytes(tries))

    with inside(group, work) as pid:
        assert exit_code(pid) == 0
    answer = os.read(read, 64)
    os.close(read)
    os.close(write)
    names = ("null rw", "zero r", "zero w", "urandom r", "mknod c", "mknod b")
    return dict(zip(names, answer, strict=True))


def make_node(kind: int, major: int, minor: int) -> int:
    path = f"/tmp/boxship-test-node-{os.getpid()}"
    try:
        os.mknod(path, kind | 0o600, os.makedev(major, minor))
    except OSError as error:
        return error.errno or -1
    os.unlink(path)
    return 0


NO = errno.EPERM
ALL_ALLOWED = dict.fromkeys(("null rw", "zero r", "zero w", "urandom r", "mknod c", "mknod b"), 0)


def test_devices_start_open(group: cgroup.Cgroup) -> None:
    assert device_access(group) == ALL_ALLOWED


def test_devices_are_denied_but_for_a_list(group: cgroup.Cgroup) -> None:
    rules = (*NULL_ONLY, DeviceRule(True, "c", 1, 5, "r"), DeviceRule(True, "b", None, None, "m"))
    group.apply(Resources(devices=rules))
    denied = dict.fromkeys(("zero w", "urandom r", "mknod c"), NO)
    assert device_access(group) == ALL_ALLOWED | denied


def test_a_device_list_is_replaced(group: cgroup.Cgroup) -> None:
    group.apply(Resources(devices=NULL_ONLY))
    most = dict.fromkeys(("zero r", "zero w", "urandom r", "mknod c", "mknod b"), NO)
    assert device_access(group) == ALL_ALLOWED | most
    group.apply(Resources(devices=(DENY, DeviceRule(True, "c", 1, None, "rm"))))
    changed = dict.fromkeys(("null rw", "zero w", "mknod b"), NO)
    assert device_access(group) == ALL_ALLOWED | changed
    group.apply(Resources(devices=(DeviceRule(True),)))
    assert device_access(group) == ALL_ALLOWED
    group.apply(Resources(devices=NULL_ONLY))
    assert device_access(group) == ALL_ALLOWED | most


def test_single_devices_can_be_denied(group: cgroup.Cgroup) -> None:
    group.apply(Resources(devices=(DeviceRule(False, "c", 1, 5, "w"),)))
    assert device_access(group) == ALL_ALLOWED | {"zero w": NO}


def test_a_running_process_never_loses_what_stays_allowed(group: cgroup.Cgroup) -> None:
    group.apply(Resources(devices=NULL_ONLY))

    def work() -> None:
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            os.close(os.open("/dev/null", os.O_RDWR))

    with inside(group, work) as pid:
        for minor in range(20):
            group.apply(Resources(devices=(*NULL_ONLY, DeviceRule(True, "c", 1, 5 + minor, "r"))))
            time.sleep(0.01)
        assert exit_code(pid) == 0


def test_cpu_time_is_counted(layout: Layout, group: cgroup.Cgroup) -> None:
    with inside(group, spin) as pid:
        assert eventually(lambda: group.stats().cpu.total > 50_000_000)
        assert eventually(lambda: cpu_ticks(pid) > 4)
        assert eventually(lambda: group.stats().cpu.user + group.stats().cpu.system > 0)
        stats = group.stats().cpu
        # The two are sampled at the clock's ticks, the total is exact.
        assert stats.user + stats.system <= group.stats().cpu.total + 100_000_000
        assert sum(stats.per_cpu) > 0 or layout.version == 2


def test_missing_controllers_are_named(layout: Layout) -> None:
    mounts = {k: v for k, v in layout.mounts.items() if k not in ("memory", "pids")}
    poor = Layout(layout.version, mounts, layout.controllers - {"memory", "pids"})
    group = cgroup.open_group(poor, f"{PREFIX}/poor")
    group.create()
    if layout.version == 2 and "memory" in layout.controllers:
        pytest.skip("kernel: this unified hierarchy has the controller switched on")
    with pytest.raises(NotSupported, match="memory"):
        group.apply(Resources(memory=Memory(limit=1 << 26)))
    with pytest.raises(NotSupported, match="pids"):
        group.apply(Resources(pids=5))
    assert group.stats().memory.usage == 0
    assert (group.oom_kills(), group.oom_events()) == (0, None)
    group.destroy()


@pytest.mark.parametrize("path", ["/", "", "box", "/a/../b", "/a//b", "/a/", "/.", "/a\0b"])
def test_only_groups_below_the_root_are_touched(layout: Layout, path: str) -> None:
    with pytest.raises(InvalidParameter):
        cgroup.open_group(layout, path)
