"""Limits: memory, processors, block devices, processes."""

from __future__ import annotations

from boxship.cli.errors import ENGINE_FAILED, Failed
from boxship.cli.flags.flag import Flag, many, switch
from boxship.cli.flags.kinds import parse_count, parse_int
from boxship.cli.output.units import parse_size
from boxship.cli.run_flags.placed import Placed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body

_LIMITS = frozenset(
    [
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    ]
)


def parse_ulimit(text: str) -> dict[str, object]:
    """``name=soft[:hard]``; -1 means no limit."""
    name, equals, values = text.partition("=")
    if not equals:
        raise ValueError(f"invalid ulimit argument: {text}")
    if name not in _LIMITS:
        raise ValueError(f"invalid ulimit type: {name}")
    bounds = values.split(":")
    if len(bounds) > 2:
        raise ValueError(
            f"too many limit value arguments - {values}, can only have up to two, `soft[:hard]`"
        )
    low, high = parse_int(bounds[0]), parse_int(bounds[-1])
    if high != -1 and (low > high or low == -1):
        raise ValueError(
            f"ulimit soft limit must be less than or equal to hard limit: {low} > {high}"
        )
    return {"Name": name, "Hard": high, "Soft": low}


def _device(
    field: str, number: Callable[[str], int], what: str, form: str = ""
) -> Callable[[str], object]:
    """A parser of ``/dev/x:NUMBER``; errors go on with *form*, which says how one is written."""

    def parse(text: str) -> object:
        path, colon, value = text.partition(":")
        if not colon:
            raise ValueError(f"bad format: {text}")
        if not path.startswith("/dev/"):
            raise ValueError(f"bad format for device path: {text}")
        try:
            return {"Path": path, field: number(value)}
        except ValueError:
            raise ValueError(f"invalid {what} for device: {text}{form}") from None

    return parse


def _weight(text: str) -> int:
    if text != "0" and not 10 <= int(text) <= 1000:
        raise ValueError
    return int(text)


_READ = "Limit reading from a device, DEVICE:"
_WRITE = "Limit writing to a device, DEVICE:"
_BYTES = _device(
    "Rate",
    parse_size,
    "rate",
    ". The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer."
    " Unit is optional and can be kb, mb, or gb",
)
_OPERATIONS = _device(
    "Rate",
    parse_count,
    "rate",
    ". The correct format is <device-path>:<number>. Number must be a positive integer",
)

# These can also be changed later, by "boxship update".
UPDATABLE = (
    Placed(
        Flag("blkio-weight", "Block I/O weight, 10 to 1000", "uint16"), "HostConfig.BlkioWeight"
    ),
    Placed(
        Flag("cpu-period", "Period of CPU limits in microseconds", "int"), "HostConfig.CpuPeriod"
    ),
    Placed(Flag("cpu-quota", "CPU time in a period in microseconds", "int"), "HostConfig.CpuQuota"),
    Placed(
        Flag("cpu-rt-period", "Period of real-time limits in microseconds", "int"),
        "HostConfig.CpuRealtimePeriod",
    ),
    Placed(
        Flag("cpu-rt-runtime", "Real-time in a period in microseconds", "int"),
        "HostConfig.CpuRealtimeRuntime",
    ),
    Placed(Flag("cpu-shares", "CPU weight", "int", short="c"), "HostConfig.CpuShares"),
    Placed(Flag("cpus", "Number of CPUs, such as 1.5", "decimal"), "HostConfig.NanoCpus"),
    Placed(Flag("cpuset-cpus", "CPUs that may be used, such as 0-3,5"), "HostConfig.CpusetCpus"),
    Placed(Flag("cpuset-mems", "Memory nodes that may be used"), "HostConfig.CpusetMems"),
    Placed(Flag("memory", "Limit of memory", "bytes", short="m"), "HostConfig.Memory"),
    Placed(
        Flag("memory-reservation", "Memory that pressure leaves alone", "bytes"),
        "HostConfig.MemoryReservation",
    ),
    Placed(
        Flag("memory-swap", "Limit of memory and swap, -1 for none", "swap", shows="bytes"),
        "HostConfig.MemorySwap",
    ),
    Placed(Flag("pids-limit", "Limit of processes, -1 for none", "int"), "HostConfig.PidsLimit"),
)

ROWS = (
    *UPDATABLE,
    Placed(
        Flag(
            "memory-swappiness",
            "Readiness to swap, 0 to 100",
            "int",
            default=-1,
        ),
        "HostConfig.MemorySwappiness",
    ),
    # Kernels no longer have this limit; scripts still name it.
    Placed(Flag("kernel-memory", "Kept for scripts", "bytes", hidden=True)),
    Placed(Flag("shm-size", "Size of /dev/shm", "bytes"), "HostConfig.ShmSize"),
    Placed(switch("oom-kill-disable", "Do not kill when memory ends"), "HostConfig.OomKillDisable"),
    Placed(
        Flag("oom-score-adj", "Readiness to be killed, -1000 to 1000", "int"),
        "HostConfig.OomScoreAdj",
    ),
    Placed(
        many("ulimit", "Process limit, NAME=SOFT[:HARD]", parse=parse_ulimit), "HostConfig.Ulimits"
    ),
    Placed(
        many(
            "blkio-weight-device",
            "Block I/O weight of a device, DEVICE:WEIGHT",
            parse=_device("Weight", _weight, "weight"),
        ),
        "HostConfig.BlkioWeightDevice",
    ),
    Placed(many("device-read-bps", _READ + "BYTES", parse=_BYTES), "HostConfig.BlkioDeviceReadBps"),
    Placed(
        many("device-write-bps", _WRITE + "BYTES", parse=_BYTES), "HostConfig.BlkioDeviceWriteBps"
    ),
    Placed(
        many("device-read-iops", _READ + "NUMBER", parse=_OPERATIONS),
        "HostConfig.BlkioDeviceReadIOps",
    ),
    Placed(
        many("device-write-iops", _WRITE + "NUMBER", parse=_OPERATIONS),
        "HostConfig.BlkioDeviceWriteIOps",
    ),
)


def apply(arguments: Arguments, body: Body) -> None:
    swappiness = arguments.number("memory-swappiness")
    if not -1 <= swappiness <= 100:
        raise Failed(
            f"invalid value: {swappiness}. Valid memory swappiness range is 0-100", ENGINE_FAILED
        )
