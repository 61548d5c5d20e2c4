"""What a plan's steps do, by name; the init process carries them out in the plan's order.

Each function gets the :class:`~boxship.sandbox.steps.context.Context` and the step's arguments.
"""

from collections.abc import Callable
from typing import Any

from boxship.sandbox.steps import (
    cgroup,
    console,
    devices,
    hostname,
    masks,
    mounts,
    namespaces,
    network,
    pivot,
    sysctl,
    user,
    volumes,
)
from boxship.sandbox.steps.context import Context

STEPS: dict[str, Callable[[Context, dict[str, Any]], None]] = {
    "join-cgroup": cgroup.join,
    "open-namespaces": namespaces.open_joined,
    "prepare-devices": devices.prepare,
    "enter-user-namespace": user.enter,
    "open-volumes": volumes.open_all,
    "enter-namespaces": namespaces.enter,
    "loopback-up": network.loopback_up,
    "await-network": network.await_filled,
    "open-sources": mounts.open_sources,
    "isolate-mounts": mounts.isolate,
    "enter-subpaths": volumes.enter_subpaths,
    "attach-root": mounts.attach_root,
    "mount": mounts.mount_one,
    "mount-cgroup": cgroup.mount_hierarchies,
    "make-placeholders": mounts.make_placeholders,
    "make-devices": devices.make,
    "make-console": console.make,
    "make-directory": mounts.make_directory,
    "set-sysctls": sysctl.write,
    "mask-paths": masks.mask,
    "protect-paths": masks.protect,
    "set-hostname": hostname.set_names,
    "pivot-root": pivot.pivot,
    "seal-root": pivot.make_read_only,
}
