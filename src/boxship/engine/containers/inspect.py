"""The answer of ``GET /containers/{id}/json``, in the newest API version's shape."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from boxship.base.times import ZERO, rfc3339
from boxship.engine.containers.container import Container, MountPoint, State
from boxship.engine.containers.ports import port_map
from boxship.engine.containers.validation.security_options import parse_security_options
from boxship.types import container_config, host_config
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig
from boxship.types.model import Model
from boxship.types.networking import EndpointSettings

_DEFAULT_ENDPOINT = EndpointSettings()


def inspect(
    container: Container,
    graph_driver: Mapping[str, Any] | None = None,
    exec_ids: Iterable[str] | None = None,
    size: tuple[int, int] | None = None,
    sandbox: tuple[str, str] = ("", ""),
) -> dict[str, Any]:
    """*container* as Docker shows it.

    *graph_driver*: ``{"Name": …, "Data": {…}}``; *exec_ids*: living execs; *size*: bytes written
    and bytes in all, when the client asked; *sandbox*: id and path of the network namespace.
    """
    answer: dict[str, Any] = {
        "Id": container.id,
        "Created": container.created_at,
        "Path": container.path,
        "Args": container.args,
        "State": state(container.state),
        "Image": container.image_id,
        **_paths(container),
        "Name": f"/{container.name}",
        "RestartCount": container.restart_count,
        "Driver": container.driver,
        "Platform": container.platform,
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": _apparmor_asked_for(container.host_config),
        "ExecIDs": list(exec_ids or ()) or None,
        "HostConfig": host_config_answer(container.host_config),
        "GraphDriver": graph_driver or {"Data": None, "Name": container.driver},
    }
    if size is not None:
        answer["SizeRw"], answer["SizeRootFs"] = size
    answer["Mounts"] = [mount_answer(point) for point in container.mounts]
    answer["Config"] = config_answer(container.config)
    answer["NetworkSettings"] = _network_settings(container, sandbox)
    return answer


def _paths(container: Container) -> dict[str, str]:
    """Files that are there from the first start on; until then Docker shows none."""
    started = container.state.started_at != 0
    paths = {
        "ResolvConfPath": container.resolv_conf_path,
        "HostnamePath": container.hostname_path,
        "HostsPath": container.hosts_path,
        "LogPath": "" if container.host_config.log_config.type == "none" else container.log_path,
    }
    return {key: path if started else "" for key, path in paths.items()}


def state(current: State) -> dict[str, Any]:
    """``State``; ``Running`` is true also while paused or restarting, as in Docker's own."""
    answer = {
        "Status": current.status,
        "Running": current.running,
        "Paused": current.status == "paused",
        "Restarting": current.status == "restarting",
        "OOMKilled": current.oom_killed,
        "Dead": current.status == "dead",
        "Pid": current.pid,
        "ExitCode": current.exit_code,
        "Error": current.error,
        "StartedAt": rfc3339(current.started_at) if current.started_at else ZERO,
        "FinishedAt": rfc3339(current.finished_at) if current.finished_at else ZERO,
    }
    if current.health is not None:
        answer["Health"] = current.health
    return answer


def _apparmor_asked_for(host: HostConfig) -> str:
    return parse_security_options(host.security_opt).apparmor or ""


def config_answer(config: ContainerConfig) -> dict[str, Any]:
    """``Config``, without the keys that Docker drops while they are empty."""
    answer: dict[str, Any] = msgspec.to_builtins(config)
    _drop(answer, container_config.OMITTED_WHEN_EMPTY, container_config.OMITTED_WHEN_NULL)
    if config.healthcheck is not None:
        answer["Healthcheck"] = without_defaults(config.healthcheck)
    return answer


def host_config_answer(host: HostConfig) -> dict[str, Any]:
    """``HostConfig``, keys in Docker's order, which ``docker inspect`` prints."""
    built: dict[str, Any] = msgspec.to_builtins(host)
    _drop(built, host_config.OMITTED_WHEN_EMPTY, host_config.OMITTED_WHEN_NULL)
    if host.mounts:
        built["Mounts"] = [without_defaults(mount) for mount in host.mounts]
    return {key: built[key] for key in _HOST_ORDER.split() if key in built}


def without_defaults(model: Model) -> dict[str, Any]:
    """*model* as JSON without zero values, Go's ``omitempty``; nested objects stay, even empty."""
    answer: dict[str, Any] = {}
    for name, key in zip(model.__struct_fields__, model.__struct_encode_fields__, strict=True):
        value = getattr(model, name)
        if isinstance(value, Model):
            answer[key] = without_defaults(value)
        elif value:
            answer[key] = value
    return answer


def mount_answer(point: MountPoint) -> dict[str, Any]:
    """A row of ``Mounts``."""
    answer: dict[str, Any] = {"Type": point.type}
    if point.name:
        answer["Name"] = point.name
    answer |= {"Source": point.source, "Destination": point.destination}
    if point.driver:
        answer["Driver"] = point.driver
    return answer | {"Mode": point.mode, "RW": point.rw, "Propagation": point.propagation}


def _drop(answer: dict[str, Any], empty: frozenset[str], null: frozenset[str]) -> None:
    for key in empty:
        if not answer[key]:
            del answer[key]
    for key in null:
        if answer[key] is None:
            del answer[key]


def _network_settings(container: Container, sandbox: tuple[str, str]) -> dict[str, Any]:
    """The top level repeats the default bridge's endpoint, for clients older than networks."""
    main = container.endpoints.get("bridge", _DEFAULT_ENDPOINT)
    return {
        "Bridge": "",
        "SandboxID": sandbox[0],
        "SandboxKey": sandbox[1],
        "Ports": port_map(container),
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        "EndpointID": main.endpoint_id,
        "Gateway": main.gateway,
        "GlobalIPv6Address": main.global_ipv6_address,
        "GlobalIPv6PrefixLen": main.global_ipv6_prefix_len,
        "IPAddress": main.ip_address,
        "IPPrefixLen": main.ip_prefix_len,
        "IPv6Gateway": main.ipv6_gateway,
        "MacAddress": main.mac_address,
        "Networks": {name: endpoint_answer(each) for name, each in container.endpoints.items()},
    }


def endpoint_answer(endpoint: EndpointSettings) -> dict[str, Any]:
    """One of ``Networks``."""
    answer: dict[str, Any] = msgspec.to_builtins(endpoint)
    if endpoint.ipam_config is not None:
        answer["IPAMConfig"] = without_defaults(endpoint.ipam_config)
    return answer


_HOST_ORDER = (
    "Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove "
    "VolumeDriver VolumesFrom ConsoleSize Annotations CapAdd CapDrop CgroupnsMode Dns DnsOptions "
    "DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode Privileged "
    "PublishAllPorts ReadonlyRootfs SecurityOpt StorageOpt Tmpfs UTSMode UsernsMode ShmSize "
    "Sysctls Runtime Isolation CpuShares Memory NanoCpus CgroupParent BlkioWeight "
    "BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps "
    "BlkioDeviceWriteIOps CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus "
    "CpusetMems Devices DeviceCgroupRules DeviceRequests KernelMemory KernelMemoryTCP "
    "MemoryReservation MemorySwap MemorySwappiness OomKillDisable PidsLimit Ulimits CpuCount "
    "CpuPercent IOMaximumIOps IOMaximumBandwidth Mounts MaskedPaths ReadonlyPaths Init"
)
