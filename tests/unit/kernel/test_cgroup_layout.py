"""Finding the hierarchies in mountinfo."""

from pathlib import Path

import pytest

from boxship.base.errors import NotSupported
from boxship.kernel.cgroup import Resources, Stats, detect, open_group, unsupported
from boxship.kernel.cgroup.layout import Layout

V1 = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer
36 31 0:33 / /mnt/my\\040cgroups rw,relatime - cgroup none rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
42 31 0:34 / /elsewhere/freezer rw,relatime - cgroup cgroup rw,freezer
"""
UNIFIED = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n"
MOUNTS = {
    "cpu": "/sys/fs/cgroup/cpu,cpuacct",
    "cpuacct": "/sys/fs/cgroup/cpu,cpuacct",
    "memory": "/sys/fs/cgroup/memory",
    "freezer": "/sys/fs/cgroup/freezer",
    "pids": "/mnt/my cgroups",
    "systemd": "/sys/fs/cgroup/systemd",
}
CONTROLLERS = frozenset({"cpu", "cpuacct", "memory", "freezer", "pids"})


def test_version_one() -> None:
    assert detect(V1, "4:memory:/x\n") == Layout(1, MOUNTS, CONTROLLERS)


def test_hybrid_is_version_one_and_joins_unified_only_where_we_are_in_it() -> None:
    assert detect(V1 + UNIFIED, "4:memory:/x\n0::/\n").mounts == MOUNTS
    joined = detect(V1 + UNIFIED, "4:memory:/\n0::/system.slice/boxship.service\n")
    assert joined.mounts == MOUNTS | {"unified": "/sys/fs/cgroup/unified"}
    assert joined.version == 1


def test_version_two(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    line = f"30 23 0:26 / {tmp_path} rw,relatime - cgroup2 cgroup2 rw\n"
    controllers = frozenset({"cpuset", "cpu", "io", "memory", "pids"})
    assert detect(line, "0::/\n") == Layout(2, {"unified": str(tmp_path)}, controllers)


def test_named_hierarchies_alone_do_not_make_it_version_one(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("\n")
    named = "40 31 0:37 / /x rw - cgroup cgroup rw,name=systemd\n"
    unified = f"41 31 0:38 / {tmp_path} rw - cgroup2 cgroup2 rw\n"
    assert detect(named + unified, "0::/\n") == Layout(2, {"unified": str(tmp_path)}, frozenset())


def test_no_cgroups_at_all() -> None:
    assert detect("22 27 0:21 / /proc rw - proc proc rw\n", "") == Layout(1, {}, frozenset())


def test_a_host_without_cgroups_still_runs_containers() -> None:
    layout = Layout(1, {}, frozenset())
    assert {"memory", "pids", "cpu_cfs", "cpuset"} <= unsupported(layout)
    group = open_group(layout, "/boxship/box")
    group.create()
    group.apply(Resources())
    group.join()
    assert group.open_join_files() == []
    assert (group.processes(), group.oom_kills(), group.oom_events()) == ([], 0, None)
    assert group.stats() == Stats()
    with pytest.raises(NotSupported, match="freezer"):
        group.freeze()
    group.kill()
    group.destroy()
