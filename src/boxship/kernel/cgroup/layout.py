"""Which cgroup hierarchies this host has, and where they are mounted."""

from dataclasses import dataclass

UNIFIED = "unified"
# In the order of the kernel; named hierarchies (systemd's) follow as they come.
_V1_CONTROLLERS = (
    "cpuset cpu cpuacct blkio memory devices freezer net_cls perf_event net_prio hugetlb pids "
    "rdma misc"
)
V1_CONTROLLERS = tuple(_V1_CONTROLLERS.split())


@dataclass(frozen=True, slots=True)
class Layout:
    """*mounts* is controller (v1), named hierarchy (v1, ``systemd``) or ``unified`` -> mount point.

    *controllers* are the usable ones, in the words of that version (``blkio`` is v2's ``io``).
    """

    version: int
    mounts: dict[str, str]
    controllers: frozenset[str]


def detect(mountinfo: str | None = None, membership: str | None = None) -> Layout:
    """Version 1 where any controller is mounted as such (hybrid hosts too), else version 2.

    The arguments stand in for /proc/self/mountinfo and /proc/self/cgroup. In hybrid mode the
    unified hierarchy has no controllers; containers join it only where we are in a group of it
    ourselves, as under systemd, which would count them as ours otherwise: moving a process
    there waits for a grace period of the kernel (10 ms), all others do not (see v1/group.py).
    """
    if mountinfo is None:
        mountinfo = _read("/proc/self/mountinfo")
    if membership is None:
        membership = _read("/proc/self/cgroup")
    v1: dict[str, str] = {}
    unified = None
    for mount_point, kind, options in _cgroup_mounts(mountinfo):
        if kind == "cgroup2":
            unified = unified or mount_point
            continue
        for name in _names(options):
            v1.setdefault(name, mount_point)
    controllers = frozenset(v1) & frozenset(V1_CONTROLLERS)
    if controllers:
        if unified and _in_unified_group(membership):
            v1[UNIFIED] = unified
        return Layout(1, v1, controllers)
    if unified is None:
        return Layout(1, {}, frozenset())
    return Layout(2, {UNIFIED: unified}, frozenset(_read(f"{unified}/cgroup.controllers").split()))


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def _cgroup_mounts(mountinfo: str) -> list[tuple[str, str, str]]:
    """(mount point, type, super options) of each cgroup mount (proc_pid_mountinfo(5))."""
    found = []
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, types = left.split(" "), right.split(" ")
        if len(fields) > 4 and len(types) > 2 and types[0] in ("cgroup", "cgroup2"):
            found.append((_unescape(fields[4]), types[0], types[2]))
    return found


def _unescape(path: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, character)
    return path


def _names(options: str) -> list[str]:
    names = []
    for option in options.split(","):
        if option in V1_CONTROLLERS:
            names.append(option)
        elif option.startswith("name="):
            names.append(option.removeprefix("name="))
    return names


def _in_unified_group(membership: str) -> bool:
    return any(line.startswith("0::") and line != "0::/" for line in membership.splitlines())
