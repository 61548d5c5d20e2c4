"""What a cgroup has used: the numbers behind Docker's ``stats``."""

from dataclasses import dataclass, field

UNLIMITED = 2**64 - 1


@dataclass(slots=True)
class CpuStats:
    """Nanoseconds; *per_cpu* only in v1."""

    total: int = 0
    user: int = 0
    system: int = 0
    per_cpu: list[int] = field(default_factory=list)
    periods: int = 0
    throttled_periods: int = 0
    throttled: int = 0


@dataclass(slots=True)
class MemoryStats:
    """Bytes; *limit* is huge when there is none. *detail* is memory.stat with this version's names.

    *events* has v2's memory.events; *failures* counts v1's refused charges.
    """

    usage: int = 0
    max_usage: int = 0
    failures: int = 0
    limit: int = UNLIMITED
    detail: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class PidsStats:
    """*limit* 0 is none."""

    current: int = 0
    limit: int = 0


@dataclass(frozen=True, slots=True)
class BlockEntry:
    """*operation* is spelt as Docker has it: ``Read`` in v1, ``read`` in v2."""

    major: int
    minor: int
    operation: str
    value: int


@dataclass(slots=True)
class Stats:
    """*block_io* has Docker's table names, ``io_service_bytes_recursive`` and so on."""

    cpu: CpuStats = field(default_factory=CpuStats)
    memory: MemoryStats = field(default_factory=MemoryStats)
    pids: PidsStats = field(default_factory=PidsStats)
    block_io: dict[str, list[BlockEntry]] = field(default_factory=dict)


BLOCK_TABLES = (
    "io_service_bytes_recursive",
    "io_serviced_recursive",
    "io_queue_recursive",
    "io_service_time_recursive",
    "io_wait_time_recursive",
    "io_merged_recursive",
    "io_time_recursive",
    "sectors_recursive",
)
