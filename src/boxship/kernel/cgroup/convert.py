"""cgroup v1 quantities in cgroup v2's units, by the formulas that runc and crun share."""

from boxship.base.errors import InvalidParameter

UNLIMITED = -1
_SHARES = (2, 262144)
_CPU_WEIGHT_SPAN = 9999
_BLKIO = (10, 1000)


def cpu_weight(shares: int) -> int:
    """2..262144 -> 1..10000; the default of 1024 becomes 39."""
    low, high = _SHARES
    clamped = min(max(shares, low), high)
    return 1 + (clamped - low) * _CPU_WEIGHT_SPAN // (high - low)


def cpu_shares(weight: int) -> int:
    """The inverse of :func:`cpu_weight`, as far as rounding allows."""
    low, high = _SHARES
    return low + (min(max(weight, 1), 10000) - 1) * (high - low) // _CPU_WEIGHT_SPAN


def io_weight(weight: int) -> int:
    """10..1000 -> 1..10000."""
    low, high = _BLKIO
    return 1 + (min(max(weight, low), high) - low) * _CPU_WEIGHT_SPAN // (high - low)


def swap_alone(total: int, memory: int | None) -> int:
    """Docker's memory+swap (v1's memsw) as v2's swap alone, in bytes; -1 is unlimited."""
    if total == UNLIMITED:
        return UNLIMITED
    if memory is None or memory == UNLIMITED:
        raise InvalidParameter("unable to set swap limit without memory limit")
    if total < memory:
        raise InvalidParameter("memory+swap limit should be >= memory limit")
    return total - memory
