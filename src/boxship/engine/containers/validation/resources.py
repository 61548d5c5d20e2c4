"""Limits: memory, CPU, pids, block I/O. Used by ``create`` and ``update``."""

from boxship.base.errors import InvalidParameter
from boxship.engine.containers.host_facts import HostFacts
from boxship.engine.containers.validation.cpusets import check_cpuset
from boxship.types.host_config import Resources

_MIN_MEMORY = 6 * 1024 * 1024
_NANO = 1_000_000_000

#: What a kernel may lack (a name in ``HostFacts.unsupported``): the fields to drop, with the value
#: that means "not asked for", and the warning.
WARNINGS: dict[str, tuple[dict[str, object], str]] = {
    "memory": (
        {"memory": 0, "memory_swap": 0},
        "memory limit capabilities or the cgroup is not mounted. Limitation discarded.",
    ),
    "swappiness": (
        {"memory_swappiness": None},
        "memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.",
    ),
    "reservation": (
        {"memory_reservation": 0},
        "memory soft limit capabilities or the cgroup is not mounted. Limitation discarded.",
    ),
    "pids": (
        {"pids_limit": None},
        "PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.",
    ),
    "cpu_shares": (
        {"cpu_shares": 0},
        "CPU shares or the cgroup is not mounted. Shares discarded.",
    ),
    "cpu_cfs": (
        {"cpu_period": 0, "cpu_quota": 0, "nano_cpus": 0},
        "CPU CFS scheduler or the cgroup is not mounted. Period and quota discarded.",
    ),
    "cpuset": (
        {"cpuset_cpus": "", "cpuset_mems": ""},
        "cpuset or the cgroup is not mounted. Cpuset discarded.",
    ),
    "blkio_weight": (
        {"blkio_weight": 0},
        "Block I/O weight or the cgroup is not mounted. Weight discarded.",
    ),
    "blkio_weight_device": (
        {"blkio_weight_device": []},
        "Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.",
    ),
    "blkio_read_bps": (
        {"blkio_device_read_bps": []},
        "BPS Block I/O read limit or the cgroup is not mounted."
        " Block I/O BPS read limit discarded.",
    ),
    "blkio_write_bps": (
        {"blkio_device_write_bps": []},
        "BPS Block I/O write limit or the cgroup is not mounted."
        " Block I/O BPS write limit discarded.",
    ),
    "blkio_read_iops": (
        {"blkio_device_read_iops": []},
        "IOPS Block I/O read limit or the cgroup is not mounted."
        " Block I/O IOPS read limit discarded.",
    ),
    "blkio_write_iops": (
        {"blkio_device_write_iops": []},
        "IOPS Block I/O write limit or the cgroup is not mounted."
        " Block I/O IOPS write limit discarded.",
    ),
}


def check_resources(limits: Resources, facts: HostFacts, update: bool = False) -> list[str]:
    """Refuse what makes no sense, drop from *limits* what the host cannot do.

    Returns the warnings for what was dropped. Raises :class:`InvalidParameter`. With *update*,
    a limit that is absent may already be set on the container.
    """
    _check_memory(limits, update)
    warnings = _drop_unsupported(limits, facts)
    warnings += _check_swap(limits, facts)
    warnings += _check_oom(limits, facts)
    if limits.pids_limit is not None and limits.pids_limit <= 0:
        limits.pids_limit = None
    _check_cpu(limits, facts)
    check_cpuset("cpus", limits.cpuset_cpus, facts.online_cpus)
    check_cpuset("mems", limits.cpuset_mems, facts.memory_nodes)
    if limits.blkio_weight and not 10 <= limits.blkio_weight <= 1000:
        raise InvalidParameter("Range of blkio weight is from 10 to 1000")
    if limits.cpu_percent:
        limits.cpu_percent = 0
        warnings.append("linux does not support CPU percent. Percent discarded.")
    limits.kernel_memory = 0
    return warnings


def _check_memory(limits: Resources, update: bool) -> None:
    memory, swap, reservation = limits.memory, limits.memory_swap, limits.memory_reservation
    if memory and memory < _MIN_MEMORY:
        raise InvalidParameter("Minimum memory limit allowed is 6MB")
    if memory > 0 and 0 < swap < memory:
        raise InvalidParameter(
            "Minimum memoryswap limit should be larger than memory limit, see usage"
        )
    if not memory and swap > 0 and not update:
        raise InvalidParameter(
            "You should always set the Memory limit when using Memoryswap limit, see usage"
        )
    _check_swappiness(limits)
    if 0 < reservation < _MIN_MEMORY:
        raise InvalidParameter("Minimum memory reservation allowed is 6MB")
    if 0 < memory < reservation:
        raise InvalidParameter(
            "Minimum memory limit can not be less than memory reservation limit, see usage"
        )


def _check_swappiness(limits: Resources) -> None:
    if limits.memory_swappiness == -1:
        limits.memory_swappiness = None
    value = limits.memory_swappiness
    if value is not None and not 0 <= value <= 100:
        raise InvalidParameter(f"Invalid value: {value}, valid memory swappiness range is 0-100")


def _drop_unsupported(limits: Resources, facts: HostFacts) -> list[str]:
    warnings = []
    for name in sorted(facts.unsupported & WARNINGS.keys()):
        fields, text = WARNINGS[name]
        if any(getattr(limits, field) for field in fields):
            warnings.append(f"Your kernel does not support {text}")
            for field, nothing in fields.items():
                setattr(limits, field, nothing)
    return warnings


def _check_swap(limits: Resources, facts: HostFacts) -> list[str]:
    if "swap" not in facts.unsupported or limits.memory <= 0 or limits.memory_swap == -1:
        return []
    limits.memory_swap = -1
    return [
        "Your kernel does not support swap limit capabilities or the cgroup is not mounted."
        " Memory limited without swap."
    ]


def _check_oom(limits: Resources, facts: HostFacts) -> list[str]:
    """cgroup v2 has no such switch; there Docker answers ``null``."""
    wanted = bool(limits.oom_kill_disable)
    if facts.cgroup_version >= 2 or "oom_kill_disable" in facts.unsupported:
        limits.oom_kill_disable = None
        text = "Your kernel does not support OomKillDisable. OomKillDisable discarded."
        return [text] if wanted else []
    if wanted and not limits.memory:
        return [
            "OOM killer is disabled for the container, but no memory limit is set,"
            " this can result in the system running out of resources."
        ]
    return []


def _check_cpu(limits: Resources, facts: HostFacts) -> None:
    if limits.nano_cpus and limits.cpu_period:
        raise InvalidParameter("Conflicting options: Nano CPUs and CPU Period cannot both be set")
    if limits.nano_cpus and limits.cpu_quota:
        raise InvalidParameter("Conflicting options: Nano CPUs and CPU Quota cannot both be set")
    if not 0 <= limits.nano_cpus <= facts.cpus * _NANO:
        raise InvalidParameter(
            f"Range of CPUs is from 0.01 to {facts.cpus}.00,"
            f" as there are only {facts.cpus} CPUs available"
        )
    if limits.cpu_period and not 1000 <= limits.cpu_period <= 1_000_000:
        raise InvalidParameter(
            "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"
        )
    if 0 < limits.cpu_quota < 1000:
        raise InvalidParameter("CPU cfs quota can not be less than 1ms (i.e. 1000)")
    if limits.cpu_realtime_period and limits.cpu_realtime_runtime > limits.cpu_realtime_period:
        raise InvalidParameter("cpu real-time runtime cannot be higher than cpu real-time period")
