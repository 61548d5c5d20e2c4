"""The columns of ``boxship stats``, computed from the Engine API's samples."""

from __future__ import annotations

from boxship.cli.output.formatter import Listing
from boxship.cli.output.texts import short_id
from boxship.cli.output.units import binary_size, short_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Sample = dict[str, Any]

DEFAULT = ("ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs")
TITLES = {
    "Container": "CONTAINER",
    "ID": "CONTAINER ID",
    "Name": "NAME",
    "CPUPerc": "CPU %",
    "MemUsage": "MEM USAGE / LIMIT",
    "MemPerc": "MEM %",
    "NetIO": "NET I/O",
    "BlockIO": "BLOCK I/O",
    "PIDs": "PIDS",
}
UNKNOWN = "--"


class Usage:
    """One container's latest figures; ``sample`` is None until the first one came."""

    __slots__ = ("identity", "name", "sample")

    def __init__(self, identity: str, name: str, sample: Sample | None) -> None:
        self.identity = identity
        self.name = name
        self.sample = sample


def stats(truncate: bool) -> Listing:
    columns = {
        "Container": lambda u: short_id(u.identity) if truncate else u.identity,
        "ID": lambda u: short_id(u.identity) if truncate else u.identity,
        "Name": lambda u: u.name or UNKNOWN,
        "CPUPerc": lambda u: UNKNOWN if u.sample is None else f"{cpu_percent(u.sample):.2f}%",
        "MemUsage": lambda u: _memory(u.sample),
        "MemPerc": lambda u: UNKNOWN if u.sample is None else f"{memory_percent(u.sample):.2f}%",
        "NetIO": lambda u: UNKNOWN if u.sample is None else _pair(_network(u.sample)),
        "BlockIO": lambda u: UNKNOWN if u.sample is None else _pair(_blocks(u.sample)),
        "PIDs": lambda u: UNKNOWN if u.sample is None else str(_processes(u.sample)),
    }
    return Listing("*container.statsContext", columns, TITLES)


def cpu_percent(sample: Sample) -> float:
    """Of one CPU: two busy CPUs are 200."""
    now, before = sample.get("cpu_stats") or {}, sample.get("precpu_stats") or {}
    used = now.get("cpu_usage", {}).get("total_usage", 0)
    used -= before.get("cpu_usage", {}).get("total_usage", 0)
    whole = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    cpus = now.get("online_cpus") or len(now.get("cpu_usage", {}).get("percpu_usage") or ())
    return used / whole * cpus * 100 if used > 0 and whole > 0 else 0.0


def memory_used(sample: Sample) -> int:
    """What the container itself holds: file pages that could go at once do not count."""
    memory = sample.get("memory_stats") or {}
    usage: int = memory.get("usage", 0)
    details = memory.get("stats") or {}
    # The first is cgroup v1's name, the second v2's.
    for name in ("total_inactive_file", "inactive_file"):
        if 0 < details.get(name, 0) < usage:
            return usage - int(details[name])
        if name in details:
            return usage
    return usage


def memory_percent(sample: Sample) -> float:
    limit = (sample.get("memory_stats") or {}).get("limit", 0)
    return memory_used(sample) / limit * 100 if limit else 0.0


def _memory(sample: Sample | None) -> str:
    if sample is None:
        return f"{UNKNOWN} / {UNKNOWN}"
    limit = (sample.get("memory_stats") or {}).get("limit", 0)
    return f"{binary_size(memory_used(sample))} / {binary_size(limit)}"


def _network(sample: Sample) -> tuple[int, int]:
    interfaces = (sample.get("networks") or {}).values()
    return (
        sum(interface.get("rx_bytes", 0) for interface in interfaces),
        sum(interface.get("tx_bytes", 0) for interface in interfaces),
    )


def _blocks(sample: Sample) -> tuple[int, int]:
    entries = (sample.get("blkio_stats") or {}).get("io_service_bytes_recursive") or []
    totals = {"r": 0, "w": 0}
    for entry in entries:
        letter = str(entry.get("op", ""))[:1].lower()
        if letter in totals:
            totals[letter] += entry.get("value", 0)
    return totals["r"], totals["w"]


def _pair(numbers: tuple[int, int]) -> str:
    return f"{short_size(numbers[0])} / {short_size(numbers[1])}"


def _processes(sample: Sample) -> int:
    return int((sample.get("pids_stats") or {}).get("current", 0))
