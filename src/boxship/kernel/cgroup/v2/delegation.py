"""Switching controllers on, from the top of the hierarchy down to a container's parent.

A group with processes of its own cannot hand controllers on ("no internal process"). Our own
process makes room; a group with others' processes is left as it is, and the containers below it
have fewer controllers: setting a limit then fails with the controller's name.
"""

import errno
import os
from collections.abc import Collection

from boxship.kernel.cgroup import files

# Busy with processes; refused by a delegation; unknown to this level.
_TOLERATED = (errno.EBUSY, errno.EACCES, errno.EPERM, errno.ENOENT, errno.EOPNOTSUPP)
_LEAF = "boxship-daemon"


def make_room(mount: str, parent: str) -> None:
    """Move this process to a group below its own, if containers are to live there as well.

    *parent* is the containers' directory. So it is where a service manager or another container
    engine has delegated a group to us (systemd calls the leaf ``DelegateSubgroup=``).
    """
    own = mount + _own_path().rstrip("/")
    inside = f"{parent}/".startswith(f"{own}/")
    if not inside or not files.exists(own, "cgroup.type"):  # the root may have both
        return
    os.makedirs(f"{own}/{_LEAF}", exist_ok=True)
    files.write(f"{own}/{_LEAF}", "cgroup.procs", "0")


def _own_path() -> str:
    lines = files.read("/proc/self", "cgroup").splitlines()
    return next((line[3:] for line in lines if line.startswith("0::")), "/")


def enable(mount: str, directory: str, wanted: Collection[str]) -> None:
    """Make *wanted* available in *directory*, as far as the groups above it allow."""
    if set(wanted) <= set(files.read_or(directory, "cgroup.controllers", "").split()):
        return
    place = mount
    for name in directory.removeprefix(mount).strip("/").split("/"):
        _switch_on(place, wanted)
        place = f"{place}/{name}"


def _switch_on(place: str, wanted: Collection[str]) -> None:
    available = set(files.read(place, "cgroup.controllers").split())
    on = set(files.read(place, "cgroup.subtree_control").split())
    for controller in sorted((available & set(wanted)) - on):
        try:
            files.write(place, "cgroup.subtree_control", f"+{controller}")
        except OSError as error:
            if error.errno not in _TOLERATED:
                raise
