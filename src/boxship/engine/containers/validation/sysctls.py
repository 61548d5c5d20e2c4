"""Kernel parameters that belong to a namespace of the container (namespaces(7))."""

from boxship.types.host_config import HostConfig

_IPC = frozenset(
    {
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    }
)


def check_sysctl(name: str, host: HostConfig) -> None:
    """ValueError unless *name* is the container's own; slashes may stand for dots."""
    dotted = name.replace("/", ".") if "/" in name.split(".")[0] else name
    if dotted in _IPC or dotted.startswith("fs.mqueue."):
        if host.ipc_mode == "host":
            raise ValueError(f'sysctl "{name}" is not allowed in the hosts ipc namespace')
        return
    if dotted.startswith("net."):
        if host.network_mode == "host":
            raise ValueError(f'sysctl "{name}" not allowed in host network namespace')
        return
    if dotted == "kernel.domainname" and host.uts_mode != "host":
        return
    if dotted == "kernel.hostname" and host.uts_mode != "host":
        raise ValueError(
            f'sysctl "{name}" is not allowed as it conflicts with the OCI "hostname" field'
        )
    raise ValueError(f'sysctl "{name}" is not in a separate kernel namespace')
