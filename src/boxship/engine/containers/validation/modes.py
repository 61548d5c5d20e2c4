"""Namespace modes, and the options that contradict them."""

from boxship.base.errors import InvalidParameter
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig

CONTAINER = "container:"


def target_of(mode: str) -> str | None:
    """The container that *mode* ``container:NAME`` names, else None."""
    return mode.removeprefix(CONTAINER) if mode.startswith(CONTAINER) else None


def check_modes(config: ContainerConfig, host: HostConfig) -> None:
    """:class:`InvalidParameter` for unknown modes and conflicting options."""
    _check_names(host)
    if host.uts_mode == "host" and config.hostname:
        raise InvalidParameter("conflicting options: hostname and the UTS mode")
    if host.network_mode == "host" and host.links:
        raise InvalidParameter(_undefined("host type networking"))
    if host.network_mode.startswith(CONTAINER):
        _check_shared_network(config, host)


def _undefined(kind: str) -> str:
    return (
        f"conflicting options: {kind} can't be used with links."
        " This would result in undefined behavior"
    )


def _check_names(host: HostConfig) -> None:
    ipc = host.ipc_mode
    if ipc not in ("", "private", "shareable", "host", "none") and not ipc.startswith(CONTAINER):
        raise InvalidParameter(f"invalid IPC mode: {ipc}")
    if host.pid_mode not in ("", "host") and not target_of(host.pid_mode):
        raise InvalidParameter(f"invalid PID mode: {host.pid_mode}")
    if host.uts_mode not in ("", "host"):
        raise InvalidParameter(f"invalid UTS mode: {host.uts_mode}")
    if host.cgroupns_mode not in ("", "private", "host"):
        raise InvalidParameter(f"invalid cgroup namespace mode: {host.cgroupns_mode}")
    if host.isolation.lower() not in ("", "default"):
        raise InvalidParameter(
            f"Invalid isolation: \"{host.isolation}\" - linux only supports 'default'"
        )


def _check_shared_network(config: ContainerConfig, host: HostConfig) -> None:
    if not target_of(host.network_mode):
        raise InvalidParameter("Invalid network mode: invalid container format container:<name|id>")
    conflicts = (
        (config.hostname, "conflicting options: hostname and the network mode"),
        (host.links, _undefined("container type network")),
        (host.dns, "conflicting options: dns and the network mode"),
        (
            host.extra_hosts,
            "conflicting options: custom host-to-IP mapping and the network mode",
        ),
        (
            host.port_bindings or host.publish_all_ports,
            "conflicting options: port publishing and the container type network mode",
        ),
        (
            config.exposed_ports,
            "conflicting options: port exposing and the container type network mode",
        ),
    )
    for present, text in conflicts:
        if present:
            raise InvalidParameter(text)


_NEEDS_HOST = {
    "privileged": (
        "privileged mode is incompatible with user namespaces.  "
        "You must run the container in the host namespace when running privileged mode"
    ),
    "network": "cannot share the host's network namespace when user namespaces are enabled",
    "pid": "cannot share the host PID namespace when user namespaces are enabled",
}


def check_remapped(host: HostConfig) -> None:
    """What cannot be had where users are remapped, unless with ``--userns=host``."""
    asked = {
        "privileged": host.privileged,
        "network": host.network_mode == "host",
        "pid": host.pid_mode == "host",
    }
    for what, text in _NEEDS_HOST.items():
        if asked[what] and host.userns_mode != "host":
            raise InvalidParameter(text)
