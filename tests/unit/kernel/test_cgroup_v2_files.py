"""What is written to the files of a cgroup v2 directory, and read from them.

The directory is a plain one with the kernel's file names: the values are the kernel's to judge
where it has the controllers (tests/contract), the text is ours.
"""

import errno
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import InvalidParameter, NotSupported
from boxship.kernel.cgroup import Layout, from_spec, unsupported
from boxship.kernel.cgroup.stats import UNLIMITED, BlockEntry
from boxship.kernel.cgroup.v2 import delegation, limits, stats

FILES = [
    "cgroup.controllers",
    "cpu.max",
    "cpu.weight",
    "cpu.idle",
    "cpu.max.burst",
    "cpuset.cpus",
    "cpuset.mems",
    "memory.max",
    "memory.low",
    "memory.swap.max",
    "memory.high",
    "pids.max",
    "io.max",
    "io.weight",
    "hugetlb.2MB.max",
]


@pytest.fixture
def group(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_text("")
    (tmp_path / "memory.max").write_text("max\n")
    return tmp_path


def written(group: Path, spec: dict[str, Any]) -> dict[str, str]:
    before = {path.name: path.read_text() for path in group.iterdir()}
    limits.apply(str(group), from_spec(spec))
    after = {path.name: path.read_text().removesuffix("\n") for path in group.iterdir()}
    return {name: text for name, text in after.items() if text != before[name].rstrip("\n")}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, {}),
        (
            {"memory": {"limit": 1000, "swap": 1500}},
            {"memory.max": "1000", "memory.swap.max": "500"},
        ),
        ({"memory": {"limit": 1000, "swap": 1000}}, {"memory.max": "1000", "memory.swap.max": "0"}),
        ({"memory": {"limit": 1000, "swap": -1}}, {"memory.max": "1000", "memory.swap.max": "max"}),
        ({"memory": {"limit": 1000}}, {"memory.max": "1000"}),
        ({"memory": {"limit": -1}}, {"memory.swap.max": "max"}),
        ({"memory": {"reservation": 700}}, {"memory.low": "700"}),
        ({"memory": {"swappiness": 10, "disableOOMKiller": True, "kernelTCP": 5}}, {}),
        ({"cpu": {"shares": 1024}}, {"cpu.weight": "39"}),
        ({"cpu": {"quota": 5000, "period": 20000}}, {"cpu.max": "5000 20000"}),
        ({"cpu": {"quota": 5000}}, {"cpu.max": "5000"}),
        ({"cpu": {"quota": -1}}, {"cpu.max": "max"}),
        ({"cpu": {"idle": 1, "burst": 7}}, {"cpu.idle": "1", "cpu.max.burst": "7"}),
        ({"cpu": {"cpus": "0-1", "mems": "0"}}, {"cpuset.cpus": "0-1", "cpuset.mems": "0"}),
        ({"pids": {"limit": 9}}, {"pids.max": "9"}),
        ({"pids": {"limit": -1}}, {"pids.max": "max"}),
        ({"blockIO": {"weight": 500}}, {"io.weight": "4950"}),
        ({"hugepageLimits": [{"pageSize": "2MB", "limit": 8}]}, {"hugetlb.2MB.max": "8"}),
        ({"unified": {"memory.high": "77"}}, {"memory.high": "77"}),
    ],
)
def test_limits(group: Path, spec: dict[str, Any], expected: dict[str, str]) -> None:
    assert written(group, spec) == expected


def test_disk_rates(group: Path) -> None:
    row = {"major": 8, "minor": 16}
    for name, rate, line in (
        ("throttleReadBpsDevice", 1048576, "8:16 rbps=1048576"),
        ("throttleWriteBpsDevice", 0, "8:16 wbps=max"),
        ("throttleReadIOPSDevice", 10, "8:16 riops=10"),
        ("throttleWriteIOPSDevice", 10, "8:16 wiops=10"),
    ):
        (group / "io.max").write_text("")
        assert written(group, {"blockIO": {name: [row | {"rate": rate}]}}) == {"io.max": line}


def test_bfq_takes_the_weight_as_it_is(group: Path) -> None:
    (group / "io.bfq.weight").write_text("")
    spec = {"blockIO": {"weight": 500}}
    assert written(group, spec) == {"io.bfq.weight": "500"}


def test_a_new_period_keeps_the_quota(group: Path) -> None:
    (group / "cpu.max").write_text("5000 100000\n")
    assert written(group, {"cpu": {"period": 20000}})["cpu.max"].startswith("5000 20000")


def test_swap_alone_counts_on_the_limit_of_before(group: Path) -> None:
    (group / "memory.max").write_text("1000\n")
    assert written(group, {"memory": {"swap": 1200}}) == {"memory.swap.max": "200"}
    (group / "memory.max").write_text("max\n")
    with pytest.raises(InvalidParameter, match="without memory limit"):
        written(group, {"memory": {"swap": 1200}})


def test_a_controller_that_is_off_is_named(group: Path) -> None:
    (group / "pids.max").unlink()
    with pytest.raises(NotSupported, match=r"pids\.max: the cgroup controller pids"):
        written(group, {"pids": {"limit": 9}})
    with pytest.raises(FileNotFoundError):
        limits.apply(str(group / "gone"), from_spec({"pids": {"limit": 9}}))


COUNTERS = {
    "cpu.stat": "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 2\n"
    "throttled_usec 9\n",
    "memory.current": "4096\n",
    "memory.peak": "8192\n",
    "memory.max": "max\n",
    "memory.stat": "anon 100\nfile 200\n",
    "memory.events": "low 0\noom 3\noom_kill 2\n",
    "pids.current": "5\n",
    "pids.max": "max\n",
    "io.stat": "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n253:0 \n",
}


def test_counters(tmp_path: Path) -> None:
    for name, text in COUNTERS.items():
        (tmp_path / name).write_text(text)
    found = stats.read(str(tmp_path))
    cpu = found.cpu
    assert (cpu.total, cpu.user, cpu.system) == (30_000, 20_000, 10_000)
    assert (cpu.periods, cpu.throttled_periods, cpu.throttled) == (4, 2, 9_000)
    memory = found.memory
    assert (memory.usage, memory.max_usage, memory.limit) == (4096, 8192, UNLIMITED)
    assert memory.detail == {"anon": 100, "file": 200}
    assert memory.events == {"low": 0, "oom": 3, "oom_kill": 2}
    assert (found.pids.current, found.pids.limit) == (5, 0)
    read, write = BlockEntry(8, 0, "read", 1), BlockEntry(8, 0, "write", 2)
    assert found.block_io["io_service_bytes_recursive"] == [read, write]
    assert [e.value for e in found.block_io["io_serviced_recursive"]] == [3, 4]
    assert found.block_io["sectors_recursive"] == []


def test_counters_of_a_group_without_controllers(tmp_path: Path) -> None:
    found = stats.read(str(tmp_path))
    assert (found.cpu.total, found.memory.usage, found.pids.current) == (0, 0, 0)


def test_controllers_are_switched_on_from_the_top(tmp_path: Path) -> None:
    leaf = tmp_path / "boxship" / "box"
    leaf.mkdir(parents=True)
    for place in (tmp_path, tmp_path / "boxship"):
        (place / "cgroup.controllers").write_text("cpu memory\n")
        (place / "cgroup.subtree_control").write_text("")
    (tmp_path / "cgroup.subtree_control").write_text("cpu\n")
    (leaf / "cgroup.controllers").write_text("")
    delegation.enable(str(tmp_path), str(leaf), {"cpu", "memory", "pids"})
    # The kernel takes one switch a write; a plain file shows the last of them.
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory"
    assert (tmp_path / "boxship" / "cgroup.subtree_control").read_text() == "+memory"
    assert not (leaf / "cgroup.subtree_control").exists()


def test_nothing_is_touched_when_all_is_on(tmp_path: Path) -> None:
    leaf = tmp_path / "box"
    leaf.mkdir()
    (leaf / "cgroup.controllers").write_text("cpu memory\n")
    delegation.enable(str(tmp_path), str(leaf), {"cpu"})
    assert [path.name for path in tmp_path.iterdir()] == ["box"]


def test_what_version_two_lacks(tmp_path: Path) -> None:
    child = tmp_path / "init.scope"
    child.mkdir()
    (child / "memory.max").write_text("max\n")
    layout = Layout(2, {"unified": str(tmp_path)}, frozenset({"cpu", "memory", "pids", "cpuset"}))
    without_swap = unsupported(layout)
    assert {"swap", "swappiness", "oom_kill_disable", "blkio_weight"} <= without_swap
    assert not {"memory", "pids", "cpu_cfs", "reservation"} & without_swap
    (child / "memory.swap.max").write_text("max\n")
    assert "swap" not in unsupported(layout)


def test_errors_carry_the_file(group: Path) -> None:
    (group / "pids.max").unlink()
    (group / "pids.max").mkdir()
    with pytest.raises(OSError) as caught:
        limits.apply(str(group), from_spec({"pids": {"limit": 9}}))
    assert caught.value.errno == errno.EISDIR
    assert caught.value.filename == str(group / "pids.max")
