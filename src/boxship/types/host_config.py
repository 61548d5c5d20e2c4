"""What binds a container to its host (Engine API, definitions ``HostConfig``, ``Resources``)."""

import msgspec

from boxship.types.model import Int64, Model, Size, StringMap, Strings, Uint16, Uint64
from boxship.types.mounts import Mount


class WeightDevice(Model):
    path: str = ""
    weight: Uint16 = 0


class ThrottleDevice(Model):
    """*rate*: bytes or operations per second."""

    path: str = ""
    rate: Uint64 = 0


class DeviceMapping(Model):
    path_on_host: str = ""
    path_in_container: str = ""
    cgroup_permissions: str = ""


class DeviceRequest(Model):
    """Devices by capability, as ``--gpus`` asks; *count* −1 is all of them."""

    driver: str = ""
    count: Int64 = 0
    device_ids: Strings = msgspec.field(default=None, name="DeviceIDs")
    capabilities: list[Strings] | None = None
    options: StringMap = None


class Ulimit(Model):
    """A resource limit; −1 is unlimited."""

    name: str = ""
    hard: Int64 = 0
    soft: Int64 = 0


class Resources(Model):
    """Limits, which ``update`` may change. Bytes, and micro- or nanoseconds as named in the API."""

    cpu_shares: Int64 = 0
    memory: Int64 = 0
    nano_cpus: Int64 = 0
    cgroup_parent: str = ""
    blkio_weight: Uint16 = 0
    blkio_weight_device: list[WeightDevice] | None = None
    blkio_device_read_bps: list[ThrottleDevice] | None = None
    blkio_device_write_bps: list[ThrottleDevice] | None = None
    blkio_device_read_iops: list[ThrottleDevice] | None = msgspec.field(
        default=None, name="BlkioDeviceReadIOps"
    )
    blkio_device_write_iops: list[ThrottleDevice] | None = msgspec.field(
        default=None, name="BlkioDeviceWriteIOps"
    )
    cpu_period: Int64 = 0
    cpu_quota: Int64 = 0
    cpu_realtime_period: Int64 = 0
    cpu_realtime_runtime: Int64 = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    devices: list[DeviceMapping] | None = None
    device_cgroup_rules: Strings = None
    device_requests: list[DeviceRequest] | None = None
    kernel_memory: Int64 = 0
    kernel_memory_tcp: Int64 = msgspec.field(default=0, name="KernelMemoryTCP")
    memory_reservation: Int64 = 0
    memory_swap: Int64 = 0
    memory_swappiness: Int64 | None = None
    oom_kill_disable: bool | None = None
    pids_limit: Int64 | None = None
    ulimits: list[Ulimit] | None = None
    cpu_count: Int64 = 0
    cpu_percent: Int64 = 0
    io_maximum_iops: Uint64 = msgspec.field(default=0, name="IOMaximumIOps")
    io_maximum_bandwidth: Uint64 = msgspec.field(default=0, name="IOMaximumBandwidth")


class LogConfig(Model):
    type: str = ""
    config: StringMap = None


class RestartPolicy(Model):
    """*name*: no, always, unless-stopped or on-failure (empty means no)."""

    name: str = ""
    maximum_retry_count: Int64 = 0


class PortBinding(Model):
    """*host_port* may be a range such as ``8000-8010``; empty lets the engine choose."""

    host_ip: str = ""
    host_port: str = ""


class HostConfig(Resources):
    """``masked_paths`` and ``readonly_paths``: ``None`` is the default set, empty is no path."""

    binds: Strings = None
    container_id_file: str = msgspec.field(default="", name="ContainerIDFile")
    log_config: LogConfig = msgspec.field(default_factory=LogConfig)
    network_mode: str = ""
    port_bindings: dict[str, list[PortBinding] | None] | None = None
    restart_policy: RestartPolicy = msgspec.field(default_factory=RestartPolicy)
    auto_remove: bool = False
    volume_driver: str = ""
    volumes_from: Strings = None
    console_size: Size = (0, 0)
    annotations: StringMap = None
    cap_add: Strings = None
    cap_drop: Strings = None
    cgroupns_mode: str = ""
    dns: Strings = None
    dns_options: Strings = None
    dns_search: Strings = None
    extra_hosts: Strings = None
    group_add: Strings = None
    ipc_mode: str = ""
    cgroup: str = ""
    links: Strings = None
    oom_score_adj: Int64 = 0
    pid_mode: str = ""
    privileged: bool = False
    publish_all_ports: bool = False
    readonly_rootfs: bool = False
    security_opt: Strings = None
    storage_opt: StringMap = None
    tmpfs: StringMap = None
    uts_mode: str = msgspec.field(default="", name="UTSMode")
    userns_mode: str = ""
    shm_size: Int64 = 0
    sysctls: StringMap = None
    runtime: str = ""
    isolation: str = ""
    mounts: list[Mount] | None = None
    masked_paths: Strings = None
    readonly_paths: Strings = None
    init: bool | None = None


#: Keys of :class:`HostConfig` that Docker leaves out of its answers while they are empty.
OMITTED_WHEN_EMPTY = frozenset(
    {
        "Annotations",
        "StorageOpt",
        "Tmpfs",
        "Sysctls",
        "Runtime",
        "Mounts",
        "KernelMemory",
        "KernelMemoryTCP",
    }
)
#: Keys that Docker leaves out only when they are absent: false is an answer.
OMITTED_WHEN_NULL = frozenset({"Init"})
