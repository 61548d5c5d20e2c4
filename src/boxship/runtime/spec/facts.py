"""What the engine and the host contribute to a container's OCI configuration."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class UserMount:
    """A bind, tmpfs or prepared volume, by the container's path. *source* is a host path."""

    type: str
    destination: str
    source: str = ""
    read_only: bool = False
    propagation: str = ""
    recursive: bool = True
    read_only_recursive: bool = False
    options: list[str] = field(default_factory=list)


@dataclass(slots=True)
class HostDevice:
    path: str
    kind: str
    major: int
    minor: int
    mode: int
    uid: int = 0
    gid: int = 0


@dataclass(slots=True)
class Facts:
    """*joins*: namespaces of other containers or none, kind to pid; *cgroup_version*: 1 or 2;
    *network_namespace*: the path of a private one that is ready, else it is made at the start.
    """

    id: str
    hostname: str
    cgroup_version: int
    cgroup_parent: str
    hierarchies: dict[str, str] = field(default_factory=dict)
    joins: dict[str, int] = field(default_factory=dict)
    mounts: list[UserMount] = field(default_factory=list)
    host_devices: list[HostDevice] = field(default_factory=list)
    devices: list[HostDevice] = field(default_factory=list)
    network_namespace: str = ""
    apparmor_profile: str = ""
    no_new_privileges: bool = False
    ulimits: dict[str, tuple[int, int]] = field(default_factory=dict)
