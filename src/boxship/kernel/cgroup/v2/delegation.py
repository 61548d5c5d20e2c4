"""Switching controllers on, from the top of the hierarchy down to a container's parent.

A group with processes of its own cannot hand controllers on ("no internal process"): such a one
is left as it is, its processes too, and the containers below it have fewer controllers; setting a
limit then fails with the controller's name.
"""

import errno
from collections.abc import Collection

from boxship.kernel.cgroup import files

# Busy with processes; refused by a delegation; unknown to this level.
_TOLERATED = (errno.EBUSY, errno.EACCES, errno.EPERM, errno.ENOENT, errno.EOPNOTSUPP)


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
