"""What this host's cgroups cannot limit, in Docker's notions."""

import os

from boxship.kernel.cgroup import files
from boxship.kernel.cgroup.layout import UNIFIED, Layout

# Feature -> controller and a file of its root group; None where the controller suffices.
_V1_FEATURES: dict[str, tuple[str, str | None]] = {
    "memory": ("memory", None),
    "swap": ("memory", "memory.memsw.limit_in_bytes"),
    "reservation": ("memory", "memory.soft_limit_in_bytes"),
    "swappiness": ("memory", "memory.swappiness"),
    "oom_kill_disable": ("memory", "memory.oom_control"),
    "kernel_memory_tcp": ("memory", "memory.kmem.tcp.limit_in_bytes"),
    "pids": ("pids", None),
    "cpu_shares": ("cpu", "cpu.shares"),
    "cpu_cfs": ("cpu", "cpu.cfs_quota_us"),
    "cpu_realtime": ("cpu", "cpu.rt_runtime_us"),
    "cpuset": ("cpuset", None),
    "blkio_weight": ("blkio", "blkio.weight"),
    "blkio_weight_device": ("blkio", "blkio.weight_device"),
    "blkio_read_bps": ("blkio", "blkio.throttle.read_bps_device"),
    "blkio_write_bps": ("blkio", "blkio.throttle.write_bps_device"),
    "blkio_read_iops": ("blkio", "blkio.throttle.read_iops_device"),
    "blkio_write_iops": ("blkio", "blkio.throttle.write_iops_device"),
}
_V2_CONTROLLERS = {"blkio": "io"}
_V2_NEVER = frozenset({"swappiness", "oom_kill_disable", "kernel_memory_tcp", "cpu_realtime"})


def unsupported(layout: Layout) -> frozenset[str]:
    """The features (the keys above) that a container here cannot have."""
    if layout.version == 1:
        return frozenset(
            name
            for name, (controller, file) in _V1_FEATURES.items()
            if controller not in layout.controllers
            or (file is not None and not files.exists(layout.mounts[controller], file))
        )
    lacking = {
        name
        for name, (controller, _) in _V1_FEATURES.items()
        if _V2_CONTROLLERS.get(controller, controller) not in layout.controllers
    }
    if not _has_swap(layout.mounts[UNIFIED]):
        lacking.add("swap")
    return frozenset(lacking) | _V2_NEVER


def _has_swap(mount: str) -> bool:
    """memory.swap.max exists wherever the memory controller is on, when the kernel accounts swap.

    Where it is on nowhere yet, a kernel with swap is taken to account it: that is the default.
    """
    with os.scandir(mount) as entries:
        groups = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    limited = [group for group in groups if files.exists(group, "memory.max")]
    if not limited:
        return os.path.exists("/proc/swaps")
    return any(files.exists(group, "memory.swap.max") for group in limited)
