"""Counters of cgroup v1."""

from collections.abc import Mapping

from boxship.kernel.cgroup import files
from boxship.kernel.cgroup.stats import (
    BLOCK_TABLES,
    UNLIMITED,
    BlockEntry,
    CpuStats,
    MemoryStats,
    PidsStats,
    Stats,
)

_TICK = 1_000_000_000 // 100


def read(directories: Mapping[str, str]) -> Stats:
    """*directories*: controller -> the group's directory; what is not mounted stays zero."""
    return Stats(
        _cpu(directories.get("cpuacct"), directories.get("cpu")),
        _memory(directories["memory"]) if "memory" in directories else MemoryStats(),
        _pids(directories["pids"]) if "pids" in directories else PidsStats(),
        _block_io(directories["blkio"]) if "blkio" in directories else {},
    )


def _cpu(accounting: str | None, bandwidth: str | None) -> CpuStats:
    stats = CpuStats()
    if accounting:
        stats.total = int(files.read(accounting, "cpuacct.usage"))
        per_cpu = files.read(accounting, "cpuacct.usage_percpu").split()
        stats.per_cpu = [int(value) for value in per_cpu]
        stats.user, stats.system = _modes(accounting)
    if bandwidth:
        table = files.table(files.read(bandwidth, "cpu.stat"))
        stats.periods = table.get("nr_periods", 0)
        stats.throttled_periods = table.get("nr_throttled", 0)
        stats.throttled = table.get("throttled_time", 0)
    return stats


def _modes(directory: str) -> tuple[int, int]:
    """User and system time; before 4.6 only in ticks."""
    user = files.read_or(directory, "cpuacct.usage_user", "")
    if user:
        return int(user), int(files.read(directory, "cpuacct.usage_sys"))
    ticks = files.table(files.read(directory, "cpuacct.stat"))
    return ticks.get("user", 0) * _TICK, ticks.get("system", 0) * _TICK


def _memory(directory: str) -> MemoryStats:
    return MemoryStats(
        usage=int(files.read(directory, "memory.usage_in_bytes")),
        max_usage=int(files.read(directory, "memory.max_usage_in_bytes")),
        failures=int(files.read(directory, "memory.failcnt")),
        limit=files.number(files.read(directory, "memory.limit_in_bytes"), UNLIMITED),
        detail=files.table(files.read(directory, "memory.stat")),
    )


def _pids(directory: str) -> PidsStats:
    limit = files.number(files.read(directory, "pids.max"), 0)
    return PidsStats(int(files.read(directory, "pids.current")), limit)


def _block_io(directory: str) -> dict[str, list[BlockEntry]]:
    """The throttle layer counts every disk; the tables of schedulers long gone stay empty."""
    return {
        name: _entries(_first(directory, (f"blkio.throttle.{name}", f"blkio.{name}")))
        for name in BLOCK_TABLES
    }


def _first(directory: str, names: tuple[str, ...]) -> str:
    for name in names:
        text = files.read_or(directory, name, "")
        if text:
            return text
    return ""


def _entries(text: str) -> list[BlockEntry]:
    """``8:0 Read 4096`` lines; the closing total has no device."""
    entries = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == 3:
            major, _, minor = fields[0].partition(":")
            entries.append(BlockEntry(int(major), int(minor), fields[1], int(fields[2])))
    return entries
