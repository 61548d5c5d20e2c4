"""Limits under cgroup v1, but for memory and devices."""

import errno
from collections.abc import Iterable, Mapping

from boxship.base.errors import InvalidParameter, NotSupported
from boxship.kernel.cgroup import files
from boxship.kernel.cgroup.resources import BlockIO, Cpu, DeviceValue, Resources

_THROTTLES = (
    ("read_bps", "blkio.throttle.read_bps_device"),
    ("write_bps", "blkio.throttle.write_bps_device"),
    ("read_iops", "blkio.throttle.read_iops_device"),
    ("write_iops", "blkio.throttle.write_iops_device"),
)

_LEAST_SHARES, _MOST_SHARES = 2, 1 << 18


def apply(directories: Mapping[str, str], resources: Resources) -> None:
    """*directories*: controller -> the group's directory in it."""
    if resources.unified:
        raise InvalidParameter("invalid configuration: cannot use unified on cgroup v1")
    _set_cpu(directories, resources.cpu)
    _set_cpuset(directories, resources.cpu)
    _set_block_io(directories, resources.block_io)
    if resources.pids:
        limit = str(resources.pids) if resources.pids > 0 else "max"
        files.write(place(directories, "pids"), "pids.max", limit)
    for size, limit_bytes in resources.hugepages:
        name = f"hugetlb.{size}.limit_in_bytes"
        files.write(place(directories, "hugetlb"), name, str(limit_bytes))


def place(directories: Mapping[str, str], controller: str) -> str:
    """The group's directory; NotSupported when the host has no such controller mounted."""
    if controller not in directories:
        raise NotSupported(f"the cgroup controller {controller} is not mounted on this host")
    return directories[controller]


def _set_cpu(directories: Mapping[str, str], cpu: Cpu) -> None:
    _check_shares(cpu.shares or _LEAST_SHARES)
    simple = (
        ("cpu.idle", cpu.idle),
        ("cpu.shares", cpu.shares or None),
        ("cpu.rt_period_us", cpu.realtime_period or None),
        ("cpu.rt_runtime_us", cpu.realtime_runtime or None),
    )
    for name, value in simple:
        if value is not None:
            files.write(place(directories, "cpu"), name, str(value))
    if cpu.period or cpu.quota:
        _set_bandwidth(place(directories, "cpu"), cpu.period, cpu.quota)
    if cpu.burst is not None:
        files.write(place(directories, "cpu"), "cpu.cfs_burst_us", str(cpu.burst))


def _check_shares(shares: int) -> None:
    """The kernel takes any number and keeps the nearest that it can."""
    if shares > _MOST_SHARES:
        raise InvalidParameter(f"the maximum allowed cpu-shares is {_MOST_SHARES}")
    if shares < _LEAST_SHARES:
        raise InvalidParameter(f"the minimum allowed cpu-shares is {_LEAST_SHARES}")


def _set_bandwidth(directory: str, period: int | None, quota: int | None) -> None:
    """A new period may be refused with the old quota (a parent's share): then after the quota."""
    late = False
    if period:
        try:
            files.write(directory, "cpu.cfs_period_us", str(period))
        except OSError as error:
            if error.errno != errno.EINVAL or not quota:
                raise
            late = True
    if quota:
        files.write(directory, "cpu.cfs_quota_us", str(quota))
    if late:
        files.write(directory, "cpu.cfs_period_us", str(period))


def _set_cpuset(directories: Mapping[str, str], cpu: Cpu) -> None:
    for name, value in (("cpuset.cpus", cpu.cpus), ("cpuset.mems", cpu.mems)):
        if value:
            files.write(place(directories, "cpuset"), name, value)


def _set_block_io(directories: Mapping[str, str], block_io: BlockIO) -> None:
    if block_io.weight or block_io.weight_device:
        directory = place(directories, "blkio")
        prefix = "blkio.bfq." if files.exists(directory, "blkio.bfq.weight") else "blkio."
        if block_io.weight:
            files.write(directory, prefix + "weight", str(block_io.weight))
        _set_per_device(directory, prefix + "weight_device", block_io.weight_device)
    for field, name in _THROTTLES:
        values: Iterable[DeviceValue] = getattr(block_io, field)
        if values:
            _set_per_device(place(directories, "blkio"), name, values)


def _set_per_device(directory: str, name: str, values: Iterable[DeviceValue]) -> None:
    for value in values:
        files.write(directory, name, f"{value.major}:{value.minor} {value.value}")
