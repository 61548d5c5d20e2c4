"""Limits (OCI config-linux, section Control groups)."""

import os
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.types.host_config import Resources, ThrottleDevice

CPU_PERIOD = 100_000


def _present(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, 0, "", [])}


def _cpu(limits: Resources) -> dict[str, Any]:
    if limits.cpu_shares < 0:
        raise InvalidParameter("shares: invalid argument")
    quota, period = limits.cpu_quota, limits.cpu_period
    if limits.nano_cpus:
        period = CPU_PERIOD
        quota = limits.nano_cpus * period // 1_000_000_000
    return _present(
        shares=limits.cpu_shares,
        quota=quota,
        period=period,
        realtimePeriod=limits.cpu_realtime_period,
        realtimeRuntime=limits.cpu_realtime_runtime,
        cpus=limits.cpuset_cpus,
        mems=limits.cpuset_mems,
    )


def _memory(limits: Resources) -> dict[str, Any]:
    swappiness = limits.memory_swappiness
    result = _present(
        limit=limits.memory,
        reservation=limits.memory_reservation,
        swap=limits.memory_swap,
        kernelTCP=limits.kernel_memory_tcp,
        disableOOMKiller=bool(limits.oom_kill_disable) or None,
    )
    if swappiness is not None and swappiness >= 0:
        result["swappiness"] = swappiness
    return result


def _throttle(rows: list[ThrottleDevice] | None) -> list[dict[str, int]]:
    return [_device_number(row.path) | {"rate": row.rate} for row in rows or ()]


def _device_number(path: str) -> dict[str, int]:
    try:
        number = os.stat(path).st_rdev
    except OSError as error:
        raise InvalidParameter(f"stat {path}: {str(error.strerror).lower()}") from None
    return {"major": os.major(number), "minor": os.minor(number)}


def _block_io(limits: Resources) -> dict[str, Any]:
    weights = [
        _device_number(row.path) | {"weight": row.weight}
        for row in limits.blkio_weight_device or ()
    ]
    return _present(
        weight=limits.blkio_weight,
        weightDevice=weights,
        throttleReadBpsDevice=_throttle(limits.blkio_device_read_bps),
        throttleWriteBpsDevice=_throttle(limits.blkio_device_write_bps),
        throttleReadIOPSDevice=_throttle(limits.blkio_device_read_iops),
        throttleWriteIOPSDevice=_throttle(limits.blkio_device_write_iops),
    )


def build(limits: Resources) -> dict[str, Any]:
    """Everything but the device list; what is not limited is absent.

    :class:`InvalidParameter` for what Docker refuses no earlier than at the start.
    """
    result = _present(
        memory=_memory(limits) or None, cpu=_cpu(limits) or None, blockIO=_block_io(limits) or None
    )
    if limits.pids_limit is not None and limits.pids_limit != 0:
        result["pids"] = {"limit": limits.pids_limit}
    return {key: value for key, value in result.items() if value}
