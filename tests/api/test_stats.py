"""GET /containers/{id}/stats and /top."""

from itertools import pairwise
from pathlib import Path

import pytest
from docker import DockerClient

from support.api import Api
from support.waiting import eventually

ZERO = "0001-01-01T00:00:00Z"
MEMBERS = {
    "read", "preread", "pids_stats", "blkio_stats", "num_procs", "storage_stats", "cpu_stats",
    "precpu_stats", "memory_stats", "name", "id",
}  # fmt: skip


def test_two_samples_unless_one_is_asked_for(api: Api) -> None:
    identity = api.run("box", host={"Memory": 64 << 20})
    both = api("GET", "/containers/box/stats", stream=0).json
    assert set(both) == MEMBERS
    assert (both["name"], both["id"]) == ("/box", identity)
    assert both["memory_stats"]["limit"] == 64 << 20
    assert both["preread"] != ZERO
    assert both["cpu_stats"]["system_cpu_usage"] > both["precpu_stats"]["system_cpu_usage"] > 0
    one = api("GET", "/containers/box/stats", stream=0, **{"one-shot": 1}).json
    assert one["preread"] == ZERO
    assert "system_cpu_usage" not in one["precpu_stats"]


def test_what_does_not_run_uses_nothing(api: Api) -> None:
    identity = api.create()
    shown = api("GET", f"/containers/{identity}/stats", stream=0).json
    assert set(shown) == MEMBERS
    assert (shown["read"], shown["memory_stats"], shown["pids_stats"]) == (ZERO, {}, {})
    assert set(shown["blkio_stats"].values()) == {None}


def test_the_two_ways_exclude_each_other(api: Api) -> None:
    identity = api.run()
    answer = api("GET", f"/containers/{identity}/stats", stream=1, **{"one-shot": 1})
    assert answer.status == 400
    assert answer.message == "cannot have stream=true and one-shot=true"


def test_numbers_are_the_cgroup_s(api: Api) -> None:
    identity = api.run(Cmd=["sh", "-c", "sleep 1000 & sleep 1000 & wait"])
    eventually(lambda: len(api("GET", f"/containers/{identity}/top").json["Processes"]) == 3)
    shown = api("GET", f"/containers/{identity}/stats", stream=0, **{"one-shot": 1}).json
    assert shown["pids_stats"]["current"] == 3
    pid = api.inspect(identity)["State"]["Pid"]
    group = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    rows = [line.split(":") for line in group]
    path = next((p for _, names, p in rows if "memory" in names), rows[-1][2])
    for name in (f"memory{path}/memory.usage_in_bytes", f"{path.lstrip('/')}/memory.current"):
        file = Path("/sys/fs/cgroup") / name
        if file.exists():
            used = int(file.read_text())
            assert abs(shown["memory_stats"]["usage"] - used) <= 4 << 20
            return
    pytest.skip("kernel: no memory controller")


def test_streams_end_with_the_container(client: DockerClient) -> None:
    box = client.containers.run("busybox", "sleep 1000", detach=True, remove=True)
    told = box.stats(stream=True, decode=True)
    samples = [next(told), next(told)]
    box.kill()
    samples += told
    assert set(samples[0]) == MEMBERS | {"networks"}
    running = [sample for sample in samples if sample["read"] != ZERO]
    for before, after in pairwise(running):
        assert after["preread"] == before["read"]


def test_top(api: Api) -> None:
    identity = api.run()
    shown = api("GET", f"/containers/{identity}/top").json
    assert shown["Titles"] == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    assert [row[-1] for row in shown["Processes"]] == ["sleep 1000"]
    pids = api("GET", f"/containers/{identity}/top", ps_args="-o pid,cmd").json
    assert pids["Processes"][0][0] == str(api.inspect(identity)["State"]["Pid"])
    bad = api("GET", f"/containers/{identity}/top", ps_args="-o cmd")
    assert (bad.status, bad.message) == (400, "Couldn't find PID field in ps output")
    created = api.create()
    answer = api("GET", f"/containers/{created}/top")
    assert (answer.status, answer.message) == (409, f"container {created} is not running")


def test_interfaces_are_counted_where_there_is_a_network(api: Api) -> None:
    for mode, counted in (("bridge", True), ("none", False), ("host", False)):
        identity = api.run(host={"NetworkMode": mode})
        shown = api("GET", f"/containers/{identity}/stats", stream=0, **{"one-shot": 1}).json
        assert ("networks" in shown) is counted
        assert "lo" not in shown.get("networks", {})
