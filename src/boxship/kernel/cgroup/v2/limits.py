"""Limits under cgroup v2."""

from collections.abc import Iterable

from boxship.base.errors import NotSupported
from boxship.kernel.cgroup import convert, files
from boxship.kernel.cgroup.resources import BlockIO, Cpu, DeviceValue, Memory, Resources

_MAX = "max"
_THROTTLES = (
    ("read_bps", "rbps"),
    ("write_bps", "wbps"),
    ("read_iops", "riops"),
    ("write_iops", "wiops"),
)


def apply(directory: str, resources: Resources) -> None:
    _set_memory(directory, resources.memory)
    _set_cpu(directory, resources.cpu)
    _set_block_io(directory, resources.block_io)
    if resources.pids:
        _write(directory, "pids.max", str(resources.pids) if resources.pids > 0 else _MAX)
    for size, limit in resources.hugepages:
        _write(directory, f"hugetlb.{size}.max", str(limit))
    for name, value in resources.unified.items():
        _write(directory, name, value)


def _write(directory: str, name: str, value: str) -> None:
    try:
        files.write(directory, name, value)
    except FileNotFoundError:
        if not files.exists(directory, "cgroup.controllers"):
            raise
        controller = name.partition(".")[0]
        raise NotSupported(
            f"{name}: the cgroup controller {controller} is not available to this container"
        ) from None


def _bytes(value: int) -> str:
    return _MAX if value == convert.UNLIMITED else str(value)


def _set_memory(directory: str, memory: Memory) -> None:
    """*disable_oom_killer*, *swappiness* and *kernel_tcp* have no counterpart and are left out."""
    total = memory.swap
    if memory.limit == convert.UNLIMITED and not total:
        total = convert.UNLIMITED if files.exists(directory, "memory.swap.max") else None
    if total:
        limit = memory.limit or _current_limit(directory)
        _write(directory, "memory.swap.max", _bytes(convert.swap_alone(total, limit)))
    if memory.limit:
        _write(directory, "memory.max", _bytes(memory.limit))
    if memory.reservation:
        _write(directory, "memory.low", _bytes(memory.reservation))


def _current_limit(directory: str) -> int | None:
    text = files.read_or(directory, "memory.max", _MAX)
    return None if text == _MAX else int(text)


def _set_cpu(directory: str, cpu: Cpu) -> None:
    if cpu.idle is not None:
        _write(directory, "cpu.idle", str(cpu.idle))
    if cpu.shares:
        _write(directory, "cpu.weight", str(convert.cpu_weight(cpu.shares)))
    if cpu.quota or cpu.period:
        _write(directory, "cpu.max", _bandwidth(directory, cpu))
    if cpu.burst is not None:
        _write(directory, "cpu.max.burst", str(cpu.burst))
    for name, value in (("cpuset.cpus", cpu.cpus), ("cpuset.mems", cpu.mems)):
        if value:
            _write(directory, name, value)


def _bandwidth(directory: str, cpu: Cpu) -> str:
    """``quota period``; the one not given stays."""
    if cpu.quota:
        quota = str(cpu.quota) if cpu.quota > 0 else _MAX
    else:
        quota = files.read_or(directory, "cpu.max", _MAX).split()[0]
    return f"{quota} {cpu.period}" if cpu.period else quota


def _set_block_io(directory: str, block_io: BlockIO) -> None:
    if block_io.weight or block_io.weight_device:
        _set_weights(directory, block_io)
    for field, key in _THROTTLES:
        values: Iterable[DeviceValue] = getattr(block_io, field)
        for value in values:
            rate = value.value or _MAX
            _write(directory, "io.max", f"{value.major}:{value.minor} {key}={rate}")


def _set_weights(directory: str, block_io: BlockIO) -> None:
    """BFQ takes Docker's range as it is; the cost model has its own."""
    bfq = files.exists(directory, "io.bfq.weight")
    name = "io.bfq.weight" if bfq else "io.weight"
    if block_io.weight:
        _write(directory, name, str(block_io.weight if bfq else convert.io_weight(block_io.weight)))
    for row in block_io.weight_device:
        weight = row.value if bfq else convert.io_weight(row.value)
        _write(directory, name, f"{row.major}:{row.minor} {weight}")
