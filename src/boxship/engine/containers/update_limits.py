"""New limits for an existing container: what may change, and what contradicts what is set."""

import copy
from typing import Any

import msgspec

from boxship.base.errors import Conflict
from boxship.engine.containers.host_facts import HostFacts
from boxship.engine.containers.validation.resources import check_resources
from boxship.engine.containers.validation.restart import check_restart_policy
from boxship.types.host_config import HostConfig
from boxship.types.update import UpdateRequest

#: Limits that ``update`` changes; the rest of ``Resources`` is fixed at creation.
CHANGEABLE = (
    "blkio_weight",
    "cpu_shares",
    "nano_cpus",
    "cpu_period",
    "cpu_quota",
    "cpuset_cpus",
    "cpuset_mems",
    "memory",
    "memory_swap",
    "memory_reservation",
    "cpu_realtime_period",
    "cpu_realtime_runtime",
)


def updated_host_config(
    container_id: str, host: HostConfig, request: UpdateRequest, facts: HostFacts
) -> tuple[HostConfig, list[str]]:
    """*host* with the limits and the restart policy of *request*, and Docker's warnings.

    Zero and ``None`` leave a limit as it is; pids of 0 and below lift theirs. Neither argument
    changes. :class:`InvalidParameter`
    for values without sense, :class:`Conflict` for those that contradict what is set.
    """
    wanted = copy.copy(request)
    warnings = check_resources(wanted, facts, update=True)
    if wanted.restart_policy.name:
        check_restart_policy(wanted.restart_policy)
    conflict = _conflict(host, wanted)
    if conflict:
        raise Conflict(f"Cannot update container {container_id}: {conflict}")
    changes: dict[str, Any] = {
        name: getattr(wanted, name) for name in CHANGEABLE if getattr(wanted, name)
    }
    if request.pids_limit is not None:
        changes["pids_limit"] = max(0, request.pids_limit)
    if wanted.restart_policy.name:
        changes["restart_policy"] = wanted.restart_policy
    return msgspec.structs.replace(host, **changes), warnings


def _conflict(host: HostConfig, wanted: UpdateRequest) -> str:
    if host.auto_remove and wanted.restart_policy.name:
        return "Restart policy cannot be updated because AutoRemove is enabled for the container"
    if wanted.nano_cpus and (host.cpu_period or host.cpu_quota):
        kind = "Period" if host.cpu_period else "Quota"
        return (
            f"Conflicting options: Nano CPUs cannot be updated as CPU {kind} has already been set"
        )
    if host.nano_cpus and wanted.cpu_period:
        return "Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set"
    if host.nano_cpus and wanted.cpu_quota:
        return "Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set"
    if not wanted.memory_swap and host.memory_swap != -1 and host.memory_swap < wanted.memory:
        return (
            "Memory limit should be smaller than already set memoryswap limit,"
            " update the memoryswap at the same time"
        )
    return ""
