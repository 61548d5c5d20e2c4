"""Limits of a container: the fields of OCI ``linux.resources``, checked once."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from boxship.base.errors import InvalidParameter
from boxship.kernel.cgroup.devices import DeviceRule


class Memory(NamedTuple):
    """Bytes; -1 is unlimited, None leaves as it is. *swap* is memory plus swap."""

    limit: int | None = None
    reservation: int | None = None
    swap: int | None = None
    kernel_tcp: int | None = None
    swappiness: int | None = None
    disable_oom_killer: bool | None = None


class Cpu(NamedTuple):
    """Times in microseconds; *cpus* and *mems* are lists such as ``0-3,5``; -1 is no quota."""

    shares: int | None = None
    quota: int | None = None
    burst: int | None = None
    period: int | None = None
    realtime_runtime: int | None = None
    realtime_period: int | None = None
    cpus: str | None = None
    mems: str | None = None
    idle: int | None = None


class DeviceValue(NamedTuple):
    """A weight, or a rate per second (bytes or operations; 0 is unlimited), for one disk."""

    major: int
    minor: int
    value: int


class BlockIO(NamedTuple):
    weight: int | None = None
    weight_device: tuple[DeviceValue, ...] = ()
    read_bps: tuple[DeviceValue, ...] = ()
    write_bps: tuple[DeviceValue, ...] = ()
    read_iops: tuple[DeviceValue, ...] = ()
    write_iops: tuple[DeviceValue, ...] = ()


class Resources(NamedTuple):
    """What :meth:`Cgroup.apply` sets; anything None or empty stays untouched.

    *devices* None leaves device access alone; a list replaces it. *unified* are cgroup v2 files
    and their content, written last.
    """

    memory: Memory = Memory()
    cpu: Cpu = Cpu()
    block_io: BlockIO = BlockIO()
    pids: int | None = None
    devices: tuple[DeviceRule, ...] | None = None
    hugepages: tuple[tuple[str, int], ...] = ()
    unified: Mapping[str, str] = MappingProxyType({})


def from_spec(spec: Mapping[str, Any]) -> Resources:
    """*spec* is ``linux.resources`` (runtime-spec config-linux); InvalidParameter if malformed."""
    try:
        devices = spec.get("devices")
        return Resources(
            memory=_memory(spec.get("memory") or {}),
            cpu=_cpu(spec.get("cpu") or {}),
            block_io=_block_io(spec.get("blockIO") or {}),
            pids=_integer((spec.get("pids") or {}).get("limit")),
            devices=None if devices is None else tuple(map(DeviceRule.from_spec, devices)),
            hugepages=tuple(
                (str(row["pageSize"]), int(row["limit"]))
                for row in spec.get("hugepageLimits") or ()
            ),
            unified=_unified(spec.get("unified") or {}),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidParameter(f"malformed linux.resources: {error!r}") from None


def _integer(value: Any) -> int | None:
    return None if value is None else int(value)


def _memory(spec: Mapping[str, Any]) -> Memory:
    disable = spec.get("disableOOMKiller")
    return Memory(
        limit=_integer(spec.get("limit")),
        reservation=_integer(spec.get("reservation")),
        swap=_integer(spec.get("swap")),
        kernel_tcp=_integer(spec.get("kernelTCP")),
        swappiness=_integer(spec.get("swappiness")),
        disable_oom_killer=None if disable is None else bool(disable),
    )


def _cpu(spec: Mapping[str, Any]) -> Cpu:
    return Cpu(
        shares=_integer(spec.get("shares")),
        quota=_integer(spec.get("quota")),
        burst=_integer(spec.get("burst")),
        period=_integer(spec.get("period")),
        realtime_runtime=_integer(spec.get("realtimeRuntime")),
        realtime_period=_integer(spec.get("realtimePeriod")),
        cpus=spec.get("cpus") or None,
        mems=spec.get("mems") or None,
        idle=_integer(spec.get("idle")),
    )


def _block_io(spec: Mapping[str, Any]) -> BlockIO:
    return BlockIO(
        weight=_integer(spec.get("weight")),
        weight_device=_per_device(spec, "weightDevice", "weight"),
        read_bps=_per_device(spec, "throttleReadBpsDevice", "rate"),
        write_bps=_per_device(spec, "throttleWriteBpsDevice", "rate"),
        read_iops=_per_device(spec, "throttleReadIOPSDevice", "rate"),
        write_iops=_per_device(spec, "throttleWriteIOPSDevice", "rate"),
    )


def _per_device(spec: Mapping[str, Any], name: str, value: str) -> tuple[DeviceValue, ...]:
    return tuple(
        DeviceValue(int(row["major"]), int(row["minor"]), int(row[value]))
        for row in spec.get(name) or ()
        if row.get(value) is not None
    )


def _unified(spec: Mapping[str, Any]) -> dict[str, str]:
    for name in spec:
        if not name or "/" in name or name.startswith("."):
            raise InvalidParameter(f"unified resource {name!r} must be a file name without a path")
    return {name: str(value) for name, value in spec.items()}
