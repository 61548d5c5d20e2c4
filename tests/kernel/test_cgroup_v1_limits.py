"""Limits of cgroup v1 in force, changed while processes run."""

import errno
import os
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.base.errors import Conflict, InvalidParameter
from boxship.kernel import cgroup
from boxship.kernel.cgroup.layout import Layout
from boxship.kernel.cgroup.resources import Cpu, Memory, Resources
from support.cgroups import PREFIX, eventually, exit_code, inside, layout_of, remove_prefix, sleep
from support.requirements import require_root

MB = 1 << 20
UNLIMITED = 9223372036854771712


@pytest.fixture
def layout() -> Iterator[Layout]:
    require_root()
    found = layout_of(1)
    yield found
    remove_prefix(found)


@pytest.fixture
def group(layout: Layout) -> cgroup.Cgroup:
    made = cgroup.open_group(layout, f"{PREFIX}/box")
    made.create()
    return made


def value(layout: Layout, name: str) -> str:
    controller = name.partition(".")[0]
    return Path(f"{layout.mounts[controller]}{PREFIX}/box/{name}").read_text().strip()


def memory(layout: Layout) -> tuple[int, int]:
    names = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
    limit, total = (int(value(layout, name)) for name in names)
    return limit, total


def allocate(size: int) -> None:
    held = bytearray(size)
    for offset in range(0, size, 4096):
        held[offset] = 1


@pytest.mark.parametrize(
    "steps",
    [
        [(64 * MB, 128 * MB), (256 * MB, 512 * MB), (32 * MB, 32 * MB), (64 * MB, 64 * MB)],
        [(64 * MB, -1), (128 * MB, 128 * MB), (-1, -1), (16 * MB, 48 * MB)],
        [(100 * MB, 100 * MB), (50 * MB, 200 * MB), (200 * MB, 200 * MB), (20 * MB, 40 * MB)],
    ],
)
def test_memory_and_swap_move_in_any_direction(
    layout: Layout, group: cgroup.Cgroup, steps: list[tuple[int, int]]
) -> None:
    for limit, total in steps:
        group.apply(Resources(memory=Memory(limit=limit, swap=total)))
        expected = tuple(UNLIMITED if wanted == -1 else wanted for wanted in (limit, total))
        assert memory(layout) == expected


def test_one_of_the_two_alone(layout: Layout, group: cgroup.Cgroup) -> None:
    group.apply(Resources(memory=Memory(limit=64 * MB, swap=128 * MB)))
    group.apply(Resources(memory=Memory(limit=32 * MB)))
    assert memory(layout) == (32 * MB, 128 * MB)
    group.apply(Resources(memory=Memory(swap=64 * MB)))
    assert memory(layout) == (32 * MB, 64 * MB)
    group.apply(Resources(memory=Memory(limit=-1)))
    assert memory(layout) == (UNLIMITED, UNLIMITED)


def test_too_little_for_what_is_in_use(group: cgroup.Cgroup) -> None:
    def work() -> None:
        held = bytearray(b"x") * (32 * MB)
        sleep()
        del held

    with inside(group, work):
        assert eventually(lambda: group.stats().memory.usage > 32 * MB)
        with pytest.raises(Conflict, match=r"unable to set memory limit to 4194304 \(current us"):
            group.apply(Resources(memory=Memory(limit=4 * MB, swap=-1)))


def test_the_oom_killer_is_seen_and_counted(group: cgroup.Cgroup) -> None:
    group.apply(Resources(memory=Memory(limit=16 * MB, swap=16 * MB)))
    events = group.oom_events()
    assert events is not None
    assert group.oom_kills() == 0
    try:
        assert select.select([events], [], [], 0)[0] == []
        with inside(group, lambda: allocate(64 * MB)) as pid:
            assert exit_code(pid) == -signal.SIGKILL
        assert select.select([events], [], [], 5)[0] == [events]
        assert os.eventfd_read(events) >= 1
        assert group.oom_kills() == 1
    finally:
        os.close(events)


def test_the_watcher_wakes_when_the_group_goes(group: cgroup.Cgroup) -> None:
    events = group.oom_events()
    assert events is not None
    group.destroy()
    try:
        assert select.select([events], [], [], 5)[0] == [events]
        assert group.oom_kills() == 0
    finally:
        os.close(events)


def test_other_memory_settings(layout: Layout, group: cgroup.Cgroup) -> None:
    asked = Memory(64 * MB, reservation=32 * MB, swappiness=0, disable_oom_killer=True)
    group.apply(Resources(memory=asked))
    assert int(value(layout, "memory.soft_limit_in_bytes")) == 32 * MB
    assert value(layout, "memory.swappiness") == "0"
    assert "oom_kill_disable 1" in value(layout, "memory.oom_control")


def test_memory_counters(group: cgroup.Cgroup) -> None:
    group.apply(Resources(memory=Memory(limit=128 * MB)))
    with inside(group, lambda: allocate(32 * MB)) as pid:
        assert exit_code(pid) == 0
    stats = group.stats().memory
    assert stats.limit == 128 * MB
    assert 32 * MB <= stats.max_usage <= 128 * MB
    assert stats.detail["total_pgfault"] > 8000
    assert stats.detail["hierarchical_memory_limit"] == 128 * MB
    assert stats.failures == 0


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
    names = ("cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.shares")
    assert [value(layout, name) for name in names] == ["2000", "20000", "512"]

    def work() -> None:
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            pass

    with inside(group, work) as pid:
        assert exit_code(pid) == 0
    stats = group.stats().cpu
    assert stats.throttled_periods > 5
    assert stats.throttled > 100_000_000
    assert stats.periods >= stats.throttled_periods
    group.apply(Resources(cpu=Cpu(quota=-1)))
    assert value(layout, "cpu.cfs_quota_us") == "-1"


def test_a_period_shorter_than_the_quota_of_before(layout: Layout, group: cgroup.Cgroup) -> None:
    """The parent allows half a CPU: a quota of 20 ms in a period of 20 ms is over that."""
    parent = cgroup.open_group(layout, PREFIX)
    parent.apply(Resources(cpu=Cpu(quota=50000, period=100000)))
    group.apply(Resources(cpu=Cpu(quota=20000, period=100000)))
    group.apply(Resources(cpu=Cpu(quota=10000, period=20000)))
    assert value(layout, "cpu.cfs_period_us") == "20000"
    with pytest.raises(OSError) as caught:
        group.apply(Resources(cpu=Cpu(period=10000)))
    assert caught.value.errno == errno.EINVAL
    assert str(caught.value.filename).endswith("cpu.cfs_period_us")


def test_cpusets(layout: Layout, group: cgroup.Cgroup) -> None:
    group.apply(Resources(cpu=Cpu(cpus="0", mems="0")))
    read, write = os.pipe()

    def work() -> None:
        os.write(write, bytes(sorted(os.sched_getaffinity(0))))

    with inside(group, work) as pid:
        assert exit_code(pid) == 0
    assert os.read(read, 64) == b"\0"
    os.close(read)
    os.close(write)


def test_unified_files_belong_to_version_two(group: cgroup.Cgroup) -> None:
    with pytest.raises(InvalidParameter, match="cannot use unified on cgroup v1"):
        group.apply(Resources(unified={"memory.high": "1"}))


def test_disks_are_throttled(layout: Layout, group: cgroup.Cgroup) -> None:
    disks = sorted(path for path in Path("/sys/block").iterdir() if (path / "device").exists())
    if not disks:
        pytest.skip("kernel: there is no disk")
    major, minor = map(int, (disks[0] / "dev").read_text().split(":"))
    row = {"major": major, "minor": minor}
    spec = {
        "throttleReadBpsDevice": [row | {"rate": 1048576}],
        "throttleWriteIOPSDevice": [row | {"rate": 100}],
    }
    group.apply(cgroup.from_spec({"blockIO": spec}))
    line = f"{major}:{minor} "
    assert value(layout, "blkio.throttle.read_bps_device") == line + "1048576"
    assert value(layout, "blkio.throttle.write_iops_device") == line + "100"
    spec["throttleReadBpsDevice"] = [row | {"rate": 0}]
    group.apply(cgroup.from_spec({"blockIO": spec}))
    assert value(layout, "blkio.throttle.read_bps_device") == ""


def test_disk_use_is_counted(group: cgroup.Cgroup, tmp_path: Path) -> None:
    if os.stat(tmp_path).st_dev < 256:
        pytest.skip("kernel: the test's directory is on no disk")

    def work() -> None:
        fd = os.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY)
        os.write(fd, bytes(1 * MB))
        os.fsync(fd)

    with inside(group, work) as pid:
        assert exit_code(pid) == 0
    written = [
        entry.value
        for entry in group.stats().block_io["io_service_bytes_recursive"]
        if entry.operation == "Write"
    ]
    assert sum(written) >= 1 * MB


def test_what_this_host_lacks(layout: Layout) -> None:
    lacking = cgroup.unsupported(layout)
    for feature, file in (
        ("swap", "memory/memory.memsw.limit_in_bytes"),
        ("blkio_weight", "blkio/blkio.weight"),
        ("cpu_realtime", "cpu/cpu.rt_runtime_us"),
        ("cpu_shares", "cpu/cpu.shares"),
    ):
        controller, _, name = file.partition("/")
        present = os.path.exists(f"{layout.mounts.get(controller, '/none')}/{name}")
        assert (feature in lacking) is not present
    assert ("pids" in lacking) is ("pids" not in layout.mounts)
