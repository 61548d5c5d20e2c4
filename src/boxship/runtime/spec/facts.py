"""What the engine and the host contribute to a container's OCI configuration."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class UserMount:
    """A bind, tmpfs or volume, by the container's path. *source* is a host path.

    *behind*: what is mounted instead of *source*: a ``filesystem``, or the number of an ``image``
    among those of the start; besides ``subpath`` within it, ``base``, how messages call it, and
    ``failure``, how they begin.
    """

    type: str
    destination: str
    source: str = ""
    read_only: bool = False
    propagation: str = ""
    recursive: bool = True
    read_only_recursive: bool = False
    options: list[str] = field(default_factory=list)
    behind: dict[str, Any] = field(default_factory=dict)


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
    """*joins*: namespaces of other containers or none, kind to a directory in /proc of a process;
    *cgroup_version*: 1 or 2;
    *network_namespace*: the path of a private one that is ready, else it is made at the start;
    *users*: mappings of uid and gid, as rows of inside, outside, length, if users are remapped, and
    *user_namespace* the path of the namespace with them that *network_namespace* belongs to;
    *linked*: variables that tell of other containers.
    """

    id: str
    hostname: str
    cgroup_version: int
    cgroup_parent: str
    linked: list[str] = field(default_factory=list)
    hierarchies: dict[str, str] = field(default_factory=dict)
    joins: dict[str, str] = field(default_factory=dict)
    mounts: list[UserMount] = field(default_factory=list)
    host_devices: list[HostDevice] = field(default_factory=list)
    devices: list[HostDevice] = field(default_factory=list)
    network_namespace: str = ""
    users: dict[str, list[list[int]]] = field(default_factory=dict)
    user_namespace: str = ""
    apparmor_profile: str = ""
    no_new_privileges: bool = False
    ulimits: dict[str, tuple[int, int]] = field(default_factory=dict)
