"""Which namespaces are new, joined or the host's (OCI config-linux, section Namespaces)."""

from typing import Any

from boxship.runtime.spec.facts import Facts
from boxship.types.host_config import HostConfig

_PROC_NAMES = {"network": "net", "mount": "mnt", "pid": "pid", "ipc": "ipc", "uts": "uts"}


def _one(kind: str, mode: str, facts: Facts) -> list[dict[str, Any]]:
    """The entry for *kind*: none for the host's, a path for another container's."""
    if mode == "host":
        return []
    if mode.startswith("container:"):
        path = f"{facts.joins[kind]}/ns/{_PROC_NAMES[kind]}"
        return [{"type": kind, "path": path}]
    if kind == "network" and facts.network_namespace:
        return [{"type": kind, "path": facts.network_namespace}]
    return [{"type": kind}]


def _user(facts: Facts) -> list[dict[str, Any]]:
    """Whose namespaces are shared, theirs is, for it is the one that those belong to."""
    if not facts.users:
        return []
    path = facts.user_namespace
    if facts.joins and not path:
        path = f"{next(iter(facts.joins.values()))}/ns/user"
    return [{"type": "user", "path": path} if path else {"type": "user"}]


def mappings(facts: Facts) -> dict[str, list[dict[str, int]]]:
    """``uidMappings`` and ``gidMappings`` (OCI config-linux), if users are remapped."""
    return {
        f"{kind}Mappings": [
            {"containerID": inside, "hostID": outside, "size": size}
            for inside, outside, size in rows
        ]
        for kind, rows in facts.users.items()
    }


def build(host: HostConfig, facts: Facts) -> list[dict[str, Any]]:
    cgroupns = host.cgroupns_mode or ("private" if facts.cgroup_version == 2 else "host")
    return [
        *_user(facts),
        {"type": "mount"},
        *_one("pid", host.pid_mode, facts),
        *_one("network", host.network_mode, facts),
        *_one("ipc", host.ipc_mode, facts),
        *_one("uts", host.uts_mode, facts),
        *_one("cgroup", cgroupns, facts),
    ]
