"""Containers under cgroup v2, driven by the docker CLI."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from support.engines import Engine
from support.waiting import eventually

MB = 1 << 20
LIMITED = ("--memory", "64m", "--cpus", "0.5", "--pids-limit", "50", "--cpuset-cpus", "0")
ALLOCATE = "x=0123456789; while :; do x=$x$x; done"


@pytest.fixture
def engine(clean_boxship: Engine) -> Engine:
    return clean_boxship


def run(engine: Engine, *arguments: str, check: bool = True) -> Any:
    return engine.docker("run", "--network", "none", *arguments, check=check)


def group_of(engine: Engine, name: str) -> Path:
    """The container's directory, by the host's view of its first process."""
    pid = engine.docker("inspect", "-f", "{{.State.Pid}}", name).stdout.strip()
    path = Path(f"/proc/{pid}/cgroup").read_text().strip().partition("::")[2]
    return Path(f"/sys/fs/cgroup{path}")


def test_the_host_is_described(engine: Engine) -> None:
    info = json.loads(engine.docker("info", "-f", "{{json .}}").stdout)
    assert (info["CgroupVersion"], info["CgroupDriver"]) == ("2", "cgroupfs")
    assert info["MemoryLimit"] and info["PidsLimit"] and info["CPUSet"] and info["SwapLimit"]
    assert "name=cgroupns" in info["SecurityOptions"]


def test_limits_are_written_and_seen_from_inside(engine: Engine) -> None:
    script = "cd /sys/fs/cgroup; cat memory.max memory.swap.max cpu.max pids.max cpuset.cpus"
    out = run(engine, "--rm", *LIMITED, "busybox", "sh", "-c", script).stdout.split("\n")
    assert out[:5] == [str(64 * MB), str(64 * MB), "50000 100000", "50", "0"]


def test_the_namespace_is_private_by_default(engine: Engine) -> None:
    script = "cat /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.type; mkdir /sys/fs/cgroup/x"
    done = run(engine, "--rm", "busybox", "sh", "-c", script, check=False)
    assert done.stdout.split("\n")[:2] == ["0::/", "domain"]
    assert "Read-only file system" in done.stderr


def test_the_host_namespace_on_demand(engine: Engine) -> None:
    run(engine, "-d", "--name", "box", "--cgroupns", "host", "busybox", "sleep", "100")
    path = engine.docker("exec", "box", "cat", "/proc/self/cgroup").stdout.strip()
    assert path == f"0::{str(group_of(engine, 'box')).removeprefix('/sys/fs/cgroup')}"
    assert path.startswith(f"0::/{engine.root.name}/")


def test_a_privileged_container_has_groups_of_its_own(engine: Engine) -> None:
    script = "mkdir /sys/fs/cgroup/in && echo 1 > /sys/fs/cgroup/in/cgroup.procs && sleep 100"
    run(engine, "-d", "--privileged", "--name", "box", "busybox", "sh", "-c", script)
    eventually(lambda: group_of(engine, "box").name == "in")
    enable = "cd /sys/fs/cgroup; echo $$ > in/cgroup.procs; echo +pids > cgroup.subtree_control"
    engine.docker("exec", "box", "sh", "-c", enable)
    assert (group_of(engine, "box") / "pids.max").read_text() == "max\n"
    # Now the container's own group takes no processes: an exec goes where the others are.
    assert engine.docker("exec", "box", "cat", "/proc/self/cgroup").stdout == "0::/in\n"
    engine.docker("rm", "-f", "box")


def told(engine: Engine, event: str) -> int:
    """How many such events there were, up to the second that runs."""
    window = ("--since", "10m", "--until", "0s", "--filter", f"event={event}")
    return len(engine.docker("events", *window).stdout.splitlines())


@pytest.mark.parametrize("attempt", range(3))
def test_out_of_memory_is_told(engine: Engine, attempt: int) -> None:
    """Once, however the news of the end and of its cause arrive."""
    eventually(lambda: told(engine, "create") == told(engine, "destroy"))
    deaths, before = told(engine, "die"), told(engine, "oom")
    limit = ("--name", "box", "-m", "16m")
    done = run(engine, *limit, "busybox", "sh", "-c", ALLOCATE, check=False)
    state = json.loads(engine.docker("inspect", "-f", "{{json .State}}", "box").stdout)
    assert done.returncode == 137
    assert state["OOMKilled"] is True
    eventually(lambda: told(engine, "die") == deaths + 1)
    assert told(engine, "oom") == before + 1


def test_reclaimed_memory_is_not_out_of_memory(engine: Engine) -> None:
    """The page cache fills the group to its limit, which v2 notifies of as well."""
    eventually(lambda: told(engine, "create") == told(engine, "destroy"))
    before = told(engine, "oom")
    script = "dd if=/dev/zero of=/file bs=64k count=640 2>/dev/null; sleep 100"
    limit = ("--name", "box", "-m", "16m", "-d")
    run(engine, *limit, "busybox", "sh", "-c", script)
    events = group_of(engine, "box") / "memory.events"
    eventually(lambda: _count(events, "max") > 0, 60)
    assert _count(events, "oom_kill") == 0
    engine.docker("rename", "box", "renamed")
    eventually(lambda: told(engine, "rename") > 0)
    assert told(engine, "oom") == before
    state = json.loads(engine.docker("inspect", "-f", "{{json .State}}", "renamed").stdout)
    assert (state["Running"], state["OOMKilled"]) == (True, False)


def _count(events: Path, name: str) -> int:
    return int(dict(line.split() for line in events.read_text().splitlines())[name])


def test_processes_are_limited(engine: Engine) -> None:
    script = "for i in 1 2 3 4 5 6; do sleep 100 & done; wait"
    done = run(engine, "--rm", "--pids-limit", "4", "busybox", "sh", "-c", script, check=False)
    assert done.returncode != 0
    assert "Resource temporarily unavailable" in done.stderr


def test_devices_are_refused_by_program(engine: Engine) -> None:
    script = "mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk; mknod /tmp/n c 1 3 && echo > /tmp/n"
    done = run(engine, "--rm", "busybox", "sh", "-c", script, check=False)
    assert done.returncode == 0
    assert "Operation not permitted" in done.stderr
    rule = ("--device-cgroup-rule", "b 254:0 r")
    done = run(engine, "--rm", *rule, "busybox", "sh", "-c", script, check=False)
    assert "not permitted" not in done.stderr
    disk = os.stat("/").st_dev
    assert (os.major(disk), os.minor(disk)) == (254, 0)


def test_an_exec_is_counted_and_limited(engine: Engine) -> None:
    run(engine, "-d", "--name", "box", *LIMITED, "busybox", "sleep", "100")
    group = group_of(engine, "box")
    engine.docker("exec", "-d", "box", "sleep", "200")
    eventually(lambda: _programs(group) == ["sleep", "sleep"])
    script = "for i in $(seq 60); do sleep 100 & done"
    done = engine.docker("exec", "box", "sh", "-c", script, check=False)
    assert "Resource temporarily unavailable" in done.stderr


def test_pause_and_unpause(engine: Engine) -> None:
    run(engine, "-d", "--name", "box", "busybox", "sleep", "100")
    events = group_of(engine, "box") / "cgroup.events"
    engine.docker("pause", "box")
    assert "frozen 1" in events.read_text()
    assert engine.docker("inspect", "-f", "{{.State.Status}}", "box").stdout == "paused\n"
    engine.docker("unpause", "box")
    assert "frozen 0" in events.read_text()
    engine.docker("pause", "box")
    engine.docker("rm", "-f", "box")


def test_update_in_a_running_container(engine: Engine) -> None:
    run(engine, "-d", "--name", "box", "-m", "64m", "busybox", "sleep", "100")
    group = group_of(engine, "box")
    change = ("-m", "128m", "--memory-swap", "256m", "--cpus", "0.25", "--pids-limit", "9")
    engine.docker("update", *change, "box")
    found = {name: (group / name).read_text().strip() for name in ("memory.max", "cpu.max")}
    assert found == {"memory.max": str(128 * MB), "cpu.max": "25000 100000"}
    assert (group / "memory.swap.max").read_text() == f"{128 * MB}\n"
    assert (group / "pids.max").read_text() == "9\n"


def test_stats_agree_with_the_group(engine: Engine) -> None:
    work = "dd if=/dev/zero of=/file bs=64k count=32 2>/dev/null; sync; sleep 100; true"
    run(engine, "-d", "--name", "box", *LIMITED, "busybox", "sh", "-c", work)
    group = group_of(engine, "box")
    eventually(lambda: "sleep" in _programs(group))
    row = json.loads(engine.docker("stats", "--no-stream", "--format", "json", "box").stdout)
    assert row["MemUsage"].endswith("/ 64MiB")
    assert row["PIDs"] == "2"
    assert row["BlockIO"] != "0B / 0B"
    raw = _raw_stats(engine, "box")
    memory = raw["memory_stats"]
    assert set(memory) == {"usage", "stats", "limit"}
    assert memory["limit"] == 64 * MB
    assert {"anon", "file", "inactive_file", "pgfault", "slab"} <= set(memory["stats"])
    assert raw["pids_stats"] == {"current": 2, "limit": 50}
    assert "percpu_usage" not in raw["cpu_stats"]["cpu_usage"]
    usage = dict(line.split() for line in (group / "cpu.stat").read_text().splitlines())
    assert 0 < raw["cpu_stats"]["cpu_usage"]["total_usage"] <= int(usage["usage_usec"]) * 1000
    operations = {row["op"] for row in raw["blkio_stats"]["io_service_bytes_recursive"]}
    assert operations == {"read", "write"}


def _programs(group: Path) -> list[str]:
    pids = (group / "cgroup.procs").read_text().split()
    return [Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode() for pid in pids]


def _raw_stats(engine: Engine, name: str) -> dict[str, Any]:
    import docker  # imported late: it takes long, and only this test needs it

    client = docker.DockerClient(base_url=engine.host)
    found: dict[str, Any] = client.containers.get(name).stats(stream=False)
    client.close()
    return found


def test_stop_and_remove_leave_no_group(engine: Engine) -> None:
    script = "trap 'exit 3' TERM; while :; do sleep 0.1; done"
    run(engine, "-d", "--name", "box", "busybox", "sh", "-c", script)
    group = group_of(engine, "box")
    assert group.is_dir()
    engine.docker("stop", "box")
    assert engine.docker("inspect", "-f", "{{.State.ExitCode}}", "box").stdout == "3\n"
    assert not group.exists()
    engine.docker("start", "box")
    assert group.is_dir()
    engine.docker("rm", "-f", "box")
    assert not group.exists()


def test_a_limit_that_the_host_lacks_is_a_warning(engine: Engine) -> None:
    done = run(engine, "--rm", "--memory-swappiness", "10", "busybox", "true", check=False)
    assert done.returncode == 0
    assert "swappiness" in done.stderr
