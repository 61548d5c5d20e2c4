"""Counters of cgroup v2."""

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

_MICROSECOND = 1000
# io.stat's keys, by Docker's table and its spelling of the operation.
_IO_KEYS = {
    "rbytes": ("io_service_bytes_recursive", "read"),
    "wbytes": ("io_service_bytes_recursive", "write"),
    "rios": ("io_serviced_recursive", "read"),
    "wios": ("io_serviced_recursive", "write"),
}


def read(directory: str) -> Stats:
    """The counters of the controllers that are on; the others' stay zero."""
    return Stats(_cpu(directory), _memory(directory), _pids(directory), _block_io(directory))


def _cpu(directory: str) -> CpuStats:
    table = files.table(files.read_or(directory, "cpu.stat", ""))
    return CpuStats(
        total=table.get("usage_usec", 0) * _MICROSECOND,
        user=table.get("user_usec", 0) * _MICROSECOND,
        system=table.get("system_usec", 0) * _MICROSECOND,
        periods=table.get("nr_periods", 0),
        throttled_periods=table.get("nr_throttled", 0),
        throttled=table.get("throttled_usec", 0) * _MICROSECOND,
    )


def _memory(directory: str) -> MemoryStats:
    usage = files.read_or(directory, "memory.current", "")
    if not usage:
        return MemoryStats()
    return MemoryStats(
        usage=int(usage),
        max_usage=int(files.read_or(directory, "memory.peak", "0")),
        limit=files.number(files.read_or(directory, "memory.max", "max"), UNLIMITED),
        detail=files.table(files.read_or(directory, "memory.stat", "")),
        events=files.table(files.read_or(directory, "memory.events", "")),
    )


def _pids(directory: str) -> PidsStats:
    limit = files.number(files.read_or(directory, "pids.max", "max"), 0)
    return PidsStats(int(files.read_or(directory, "pids.current", "0")), limit)


def _block_io(directory: str) -> dict[str, list[BlockEntry]]:
    return block_io(files.read_or(directory, "io.stat", ""))


def block_io(text: str) -> dict[str, list[BlockEntry]]:
    """``8:0 rbytes=1 wbytes=2 ...`` lines as Docker's tables."""
    tables: dict[str, list[BlockEntry]] = {name: [] for name in BLOCK_TABLES}
    for line in text.splitlines():
        device, *pairs = line.split()
        major, _, minor = device.partition(":")
        for pair in pairs:
            key, _, value = pair.partition("=")
            if key in _IO_KEYS and minor.isdigit():
                table, operation = _IO_KEYS[key]
                tables[table].append(BlockEntry(int(major), int(minor), operation, int(value)))
    return tables
