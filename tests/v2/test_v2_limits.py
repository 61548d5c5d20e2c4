"""Limits of cgroup v2 in force, changed while processes run."""

import errno
import os
import select
import signal
import time
from pathlib import Path

import pytest

from boxship.base.errors import NotSupported
from boxship.kernel import cgroup
from boxship.kernel.cgroup.layout import UNIFIED, Layout
from boxship.kernel.cgroup.resources import Cpu, Memory, Resources
from support.cgroups import PREFIX, exit_code, inside, sleep

MB = 1 << 20
CONTROLLERS = {"cpu", "cpuset", "io", "memory", "pids"}


@pytest.fixture
def group(layout: Layout) -> cgroup.Cgroup:
    made = cgroup.open_group(layout, f"{PREFIX}/box")
    made.create()
    return made


def value(layout: Layout, name: str) -> str:
    return Path(f"{layout.mounts[UNIFIED]}{PREFIX}/box/{name}").read_text().strip()


def allocate(size: int) -> bytearray:
    held = bytearray(size)
    for offset in range(0, size, 4096):
        held[offset] = 1
    return held


def spin(seconds: float = 0.5) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pass


def test_controllers_reach_the_group(layout: Layout, group: cgroup.Cgroup) -> None:
    assert layout.controllers >= CONTROLLERS
    assert set(value(layout, "cgroup.controllers").split()) >= CONTROLLERS


def test_memory_and_swap_move_in_any_direction(layout: Layout, group: cgroup.Cgroup) -> None:
    for limit, total in ((64 * MB, 128 * MB), (256 * MB, 512 * MB), (32 * MB, 32 * MB)):
        group.apply(Resources(memory=Memory(limit=limit, swap=total)))
        assert value(layout, "memory.max") == str(limit)
        assert value(layout, "memory.swap.max") == str(total - limit)
    group.apply(Resources(memory=Memory(limit=64 * MB, swap=-1, reservation=16 * MB)))
    assert value(layout, "memory.swap.max") == "max"
    assert value(layout, "memory.low") == str(16 * MB)
    group.apply(Resources(memory=Memory(limit=-1)))
    assert value(layout, "memory.max") == "max"


def test_the_oom_killer_is_seen_and_counted(group: cgroup.Cgroup) -> None:
    group.apply(Resources(memory=Memory(limit=16 * MB, swap=16 * MB)))
    events = group.oom_events()
    assert events is not None
    try:
        assert select.select([events], [], [], 0)[0] == []
        assert group.oom_kills() == 0
        with inside(group, lambda: allocate(64 * MB)) as pid:
            assert exit_code(pid) == -signal.SIGKILL
        assert select.select([events], [], [], 5)[0] == [events]
        assert group.oom_kills() == 1
    finally:
        os.close(events)
    assert group.stats().memory.events["oom_kill"] == 1


def test_memory_counters(group: cgroup.Cgroup) -> None:
    group.apply(Resources(memory=Memory(limit=128 * MB)))

    def work() -> None:
        held = allocate(32 * MB)
        memory = group.stats().memory
        assert len(held) == 32 * MB
        assert memory.limit == 128 * MB
        assert 32 * MB < memory.usage < 128 * MB
        assert memory.detail["anon"] > 32 * MB
        assert "inactive_file" in memory.detail

    with inside(group, work) as pid:
        assert exit_code(pid) == 0
    assert group.stats().memory.max_usage > 32 * MB


def test_pids_are_limited(group: cgroup.Cgroup) -> None:
    group.apply(Resources(pids=3))
    assert group.stats().pids.limit == 3

    def work() -> None:
        for _ in range(5):
            if os.fork() == 0:
                sleep()

    with inside(group, work) as pid:
        assert exit_code(pid) == errno.EAGAIN
        assert len(group.processes()) == group.stats().pids.current == 2
        group.kill()
    group.apply(Resources(pids=-1))
    assert group.stats().pids.limit == 0


def test_cpu_bandwidth_throttles(layout: Layout, group: cgroup.Cgroup) -> None:
    group.apply(Resources(cpu=Cpu(quota=2000, period=20000, shares=512)))
    assert value(layout, "cpu.max") == "2000 20000"
    assert value(layout, "cpu.weight") == "20"
    with inside(group, spin) as pid:
        assert exit_code(pid) == 0
    stats = group.stats().cpu
    assert stats.throttled_periods > 5
    assert stats.throttled > 100_000_000
    assert stats.periods >= stats.throttled_periods
    assert stats.total > 0
    assert stats.user + stats.system == pytest.approx(stats.total, abs=2000)
    group.apply(Resources(cpu=Cpu(quota=-1)))
    assert value(layout, "cpu.max") == "max 20000"


def test_cpusets(layout: Layout, group: cgroup.Cgroup) -> None:
    group.apply(Resources(cpu=Cpu(cpus="1", mems="0")))
    assert value(layout, "cpuset.cpus.effective") == "1"
    expected = b"%d" % 1

    def work() -> None:
        if os.sched_getaffinity(0) != {int(expected)}:
            os._exit(9)

    with inside(group, work) as pid:
        assert exit_code(pid) == 0
    with pytest.raises(OSError):
        group.apply(Resources(cpu=Cpu(cpus="77")))


def test_disks_are_throttled(layout: Layout, group: cgroup.Cgroup, tmp_path: Path) -> None:
    """Two megabytes at one megabyte a second, synchronously: the second half has to wait."""
    device = os.stat(tmp_path).st_dev
    row = {"major": os.major(device), "minor": os.minor(device)}
    rates = {
        "throttleWriteBpsDevice": [row | {"rate": 1 * MB}],
        "throttleReadIOPSDevice": [row | {"rate": 1000}],
    }
    group.apply(cgroup.from_spec({"blockIO": rates}))
    line = f"{row['major']}:{row['minor']} rbps=max wbps={MB} riops=1000 wiops=max"
    assert value(layout, "io.max") == line

    def work() -> None:
        flags = os.O_CREAT | os.O_WRONLY | os.O_SYNC
        fd = os.open(tmp_path / "file", flags)
        begin = time.monotonic()
        for _ in range(8):
            os.write(fd, bytes(MB // 4))
        os._exit(0 if time.monotonic() - begin > 0.9 else 8)

    with inside(group, work) as pid:
        assert exit_code(pid) == 0
    table = group.stats().block_io["io_service_bytes_recursive"]
    written = [row.value for row in table if row.operation == "write"]
    assert sum(written) >= 2 * MB
    rates["throttleWriteBpsDevice"] = [row | {"rate": 0}]
    group.apply(cgroup.from_spec({"blockIO": rates}))
    assert "wbps=max" in value(layout, "io.max")


def test_unified_files_are_written(layout: Layout, group: cgroup.Cgroup) -> None:
    group.apply(Resources(unified={"memory.high": str(8 * MB), "pids.max": "7"}))
    assert value(layout, "memory.high") == str(8 * MB)
    assert value(layout, "pids.max") == "7"
    with pytest.raises(NotSupported, match="nonsense"):
        group.apply(Resources(unified={"nonsense.max": "1"}))


def test_what_this_version_lacks(layout: Layout) -> None:
    assert cgroup.unsupported(layout) >= {"swappiness", "oom_kill_disable", "cpu_realtime"}
    assert not cgroup.unsupported(layout) & {"memory", "swap", "pids", "cpuset", "cpu_cfs"}
