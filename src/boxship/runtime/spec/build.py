"""The whole configuration, part by part."""

from typing import Any

from boxship.runtime.spec import devices, mounts, namespaces, process, resources
from boxship.runtime.spec.facts import Facts
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig

Spec = dict[str, Any]
OCI_VERSION = "1.2.0"


def build(config: ContainerConfig, host: HostConfig, args: list[str], facts: Facts) -> Spec:
    """An OCI ``config.json`` as a dict. :class:`InvalidParameter` for what cannot be expressed."""
    linux: Spec = {
        "cgroupsPath": f"{facts.cgroup_parent.rstrip('/')}/{facts.id}",
        "resources": resources.build(host) | {"devices": devices.rules(host, facts)},
        "devices": devices.nodes(host, facts),
        "namespaces": namespaces.build(host, facts),
        **namespaces.mappings(facts),
        "sysctl": _sysctls(host, facts),
        "maskedPaths": [] if host.privileged else host.masked_paths or [],
        "readonlyPaths": [] if host.privileged else host.readonly_paths or [],
    }
    return {
        "ociVersion": OCI_VERSION,
        "process": process.build(config, host, args, facts),
        "root": {"path": "rootfs", "readonly": host.readonly_rootfs},
        "hostname": facts.hostname,
        "domainname": config.domainname,
        "mounts": mounts.build(host, facts),
        "linux": linux,
        "annotations": host.annotations or {},
    }


def _sysctls(host: HostConfig, facts: Facts) -> dict[str, str]:
    """The user's, and Docker's defaults for a network namespace of the container's own.

    The range of groups is of the host's, most of which a user namespace has no number for.
    """
    values: dict[str, str] = {}
    if host.network_mode != "host" and not host.network_mode.startswith("container:"):
        values["net.ipv4.ip_unprivileged_port_start"] = "0"
        if not facts.users:
            values["net.ipv4.ping_group_range"] = "0 2147483647"
    return values | (host.sysctls or {})
