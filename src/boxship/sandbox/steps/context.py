"""What the steps of one container share."""

from dataclasses import dataclass, field

from boxship.sandbox.root import Root


@dataclass(slots=True)
class Context:
    """*root_mount* is the detached root file system, *images* are others; *proc* a genuine procfs.

    *place* is where the root gets attached; *joined* are open namespaces by kind; *user_namespace*
    is the one to enter, or -1; *report* is our end of the socket to the shim; *gate* tells when
    there is a network.
    """

    root_mount: int
    mountpoint: str
    cgroup_files: list[int]
    console: int | None
    size: tuple[int, int]
    root: Root
    sources: dict[int | str, int] = field(default_factory=dict)
    images: list[int] = field(default_factory=list)
    proc: int = -1
    stdio: list[int] = field(default_factory=list)
    place: str = ""
    joined: dict[str, int] = field(default_factory=dict)
    user_namespace: int = -1
    report: int = -1
    gate: int = -1
