"""Docker's ``stats`` from a container's cgroup (Engine API, operation ContainerStats)."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from boxship.base.times import ZERO, now_ns, rfc3339
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import Live
from boxship.runtime.cgroups import BLOCK_TABLES, Stats

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_INTERVAL = 1.0
_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_NO_LIMIT = 1 << 62
_BYTES = "io_service_bytes_recursive"


def system_cpu() -> int:
    """Nanoseconds that all processors together have spent (proc_stat(5), the first seven)."""
    with open("/proc/stat", "rb") as file:
        return sum(int(n) for n in file.readline().split()[1:8]) * _TICK


def _host_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _cpu(stats: Stats, cpus: int) -> dict[str, Any]:
    usage: dict[str, Any] = {
        "total_usage": stats.cpu.total,
        "usage_in_kernelmode": stats.cpu.system,
        "usage_in_usermode": stats.cpu.user,
    }
    if stats.cpu.per_cpu:
        usage["percpu_usage"] = stats.cpu.per_cpu
    return {
        "cpu_usage": usage,
        "system_cpu_usage": system_cpu(),
        "online_cpus": cpus,
        "throttling_data": {
            "periods": stats.cpu.periods,
            "throttled_periods": stats.cpu.throttled_periods,
            "throttled_time": stats.cpu.throttled,
        },
    }


_NO_CPU = {
    "cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0},
    "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
}


def _memory(stats: Stats, version: int) -> dict[str, Any]:
    memory = stats.memory
    limit = memory.limit if memory.limit < _NO_LIMIT else _host_memory()
    result: dict[str, Any] = {
        "usage": memory.usage,
        "stats": memory.detail,
        "limit": min(limit, _host_memory()),
    }
    if version == 1:
        result |= {"max_usage": memory.max_usage, "failcnt": memory.failures}
    return {key: value for key, value in result.items() if value or key != "failcnt"}


def _block_io(stats: Stats, version: int) -> dict[str, Any]:
    return {
        name: [
            {"major": row.major, "minor": row.minor, "op": row.operation, "value": row.value}
            for row in rows
        ]
        or (None if version == 2 and name != _BYTES else [])
        for name, rows in stats.block_io.items()
    }


_NO_NETWORK = frozenset({"host", "none"})
_COUNTERS = ("bytes", "packets", "errors", "dropped")


def network_counters(
    container: Container, processes: Callable[[], list[int]]
) -> dict[str, dict[str, int]] | None:
    """By interface; None for a container without network of its own (proc_pid_net(5), dev).

    *processes*: the container's now, by which a number is known that has become another's.
    """
    mode = container.host_config.network_mode
    if mode in _NO_NETWORK or mode.startswith("container:"):
        return None
    try:
        with open(f"/proc/{container.state.pid}/net/dev", encoding="ascii") as file:
            lines = file.readlines()[2:] if container.state.pid in processes() else []
    except OSError:
        return {}
    found = {}
    for line in lines:
        name, _, rest = line.partition(":")
        numbers = [int(field) for field in rest.split()]
        if name.strip() != "lo":
            received = {f"rx_{key}": numbers[at] for at, key in enumerate(_COUNTERS)}
            sent = {f"tx_{key}": numbers[8 + at] for at, key in enumerate(_COUNTERS)}
            found[name.strip()] = received | sent
    return found


def _empty(live: Live) -> dict[str, Any]:
    """A container that does not run has used nothing."""
    return {
        "read": ZERO,
        "preread": ZERO,
        "pids_stats": {},
        "blkio_stats": dict.fromkeys(BLOCK_TABLES),
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": _NO_CPU,
        "precpu_stats": _NO_CPU,
        "memory_stats": {},
        "name": f"/{live.container.name}",
        "id": live.id,
    }


def sample(engine: "Engine", live: Live, previous: dict[str, Any] | None) -> dict[str, Any]:
    """The counters now; *previous* gives ``precpu_stats`` and ``preread``."""
    if not live.container.state.running or live.shim is None:
        return _empty(live)
    path = engine.cgroups.path_of(live.container.host_config.cgroup_parent, live.id)
    try:
        stats = engine.cgroups.stats(path)
    except OSError:
        return _empty(live)
    networks = network_counters(live.container, lambda: engine.cgroups.processes(path))
    pids = {"current": stats.pids.current}
    if stats.pids.limit:
        pids["limit"] = stats.pids.limit
    return {
        "read": rfc3339(now_ns()),
        "preread": previous["read"] if previous else ZERO,
        "pids_stats": pids,
        "blkio_stats": _block_io(stats, engine.host.cgroup_version),
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": _cpu(stats, engine.host.cpus),
        "precpu_stats": previous["cpu_stats"] if previous else _NO_CPU,
        "memory_stats": _memory(stats, engine.host.cgroup_version),
        "name": f"/{live.container.name}",
        "id": live.id,
        **({} if networks is None else {"networks": networks}),
    }


async def once(engine: "Engine", live: Live, one_shot: bool) -> dict[str, Any]:
    """One answer: with a first sample to compare with, unless *one_shot*."""
    first = sample(engine, live, None)
    if one_shot or not live.container.state.running:
        return first
    await asyncio.sleep(_INTERVAL)
    return sample(engine, live, first)


async def stream(engine: "Engine", live: Live) -> AsyncIterator[dict[str, Any]]:
    """A sample a second until the container is removed."""
    previous: dict[str, Any] | None = None
    due = time.monotonic()
    while engine.containers.by_id(live.id) is not None:
        current = sample(engine, live, previous)
        yield current
        previous = current if current["read"] != ZERO else None
        due += _INTERVAL
        await asyncio.sleep(max(0.0, due - time.monotonic()))
