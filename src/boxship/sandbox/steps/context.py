"""What the steps of one container share."""

from dataclasses import dataclass, field

from boxship.sandbox.root import Root


@dataclass(slots=True)
class Context:
    """*root_mount* is the detached root file system; *proc* a genuine procfs of the container."""

    root_mount: int
    mountpoint: str
    cgroup_files: list[int]
    console: int | None
    size: tuple[int, int]
    root: Root
    sources: dict[int, int] = field(default_factory=dict)
    proc: int = -1
    stdio: list[int] = field(default_factory=list)
