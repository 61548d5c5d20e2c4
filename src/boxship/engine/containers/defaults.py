"""What a create request leaves open, filled in as Docker's answers show it."""

import copy

from boxship.engine.containers.host_facts import HostFacts
from boxship.engine.containers.validation.modes import CONTAINER
from boxship.engine.containers.validation.restart import is_none
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig, LogConfig, RestartPolicy
from boxship.types.networking import EndpointSettings

_MAX_INT64 = 2**63 - 1
SHM_SIZE = 64 * 1024 * 1024
#: Files of procfs and sysfs that describe or change the host.
MASKED_PATHS = (
    "/proc/asound",
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
)
READONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


def apply_defaults(
    host: HostConfig, facts: HostFacts, ipc_mode: str, cgroupns_mode: str
) -> HostConfig:
    """A copy of *host* without gaps.

    *ipc_mode* and *cgroupns_mode* are the defaults of the client's API version; an empty
    *cgroupns_mode* is private under cgroup v2 and host under v1.
    """
    full = copy.copy(host)
    full.network_mode = network_name(host.network_mode)
    full.ipc_mode = host.ipc_mode or ipc_mode
    full.cgroupns_mode = (
        host.cgroupns_mode or cgroupns_mode or ("private" if facts.cgroup_version >= 2 else "host")
    )
    full.shm_size = host.shm_size or SHM_SIZE
    full.runtime = host.runtime or facts.default_runtime
    full.log_config = _log_config(host.log_config, facts)
    if is_none(host.restart_policy):
        full.restart_policy = RestartPolicy(name="no")
    if host.memory > 0 and host.memory_swap == 0:
        full.memory_swap = min(2 * host.memory, _MAX_INT64)
    if host.oom_kill_disable is None and facts.cgroup_version < 2:
        full.oom_kill_disable = False
    _default_isolation(full)
    return full


def network_name(mode: str) -> str:
    return "bridge" if mode in ("", "default") else mode


def _log_config(log: LogConfig, facts: HostFacts) -> LogConfig:
    options = dict(log.config or {})
    if log.type in ("", facts.default_log_driver):
        options = {**facts.default_log_options, **options}
    return LogConfig(type=log.type or facts.default_log_driver, config=options)


def _default_isolation(host: HostConfig) -> None:
    if not host.privileged:
        if host.masked_paths is None:
            host.masked_paths = list(MASKED_PATHS)
        if host.readonly_paths is None:
            host.readonly_paths = list(READONLY_PATHS)
    shares = host.privileged or host.ipc_mode == "host" or host.pid_mode == "host"
    if shares and not any(option.startswith("label") for option in host.security_opt or ()):
        host.security_opt = [*(host.security_opt or ()), "label=disable"]


def default_endpoints(
    config: ContainerConfig, host: HostConfig, wanted: dict[str, EndpointSettings] | None
) -> dict[str, EndpointSettings]:
    """Attachments by network: *wanted*, else the one that ``NetworkMode`` names.

    None for a container without network of its own. *host* already has its defaults.
    """
    if config.network_disabled or host.network_mode.startswith(CONTAINER):
        return {}
    renamed = {network_name(name): endpoint for name, endpoint in (wanted or {}).items()}
    return renamed or {host.network_mode: EndpointSettings()}


def default_hostname(
    config: ContainerConfig, host: HostConfig, container_id: str, host_name: str
) -> str:
    """The name that the container sees: its short id, or the host's when it shares that."""
    if config.hostname:
        return config.hostname
    shared = host.uts_mode == "host" or host.network_mode == "host"
    return host_name if shared else container_id[:12]
