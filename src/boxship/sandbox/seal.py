"""Run the interpreter from a read-only view of its directory: no container can overwrite it.

A process in a container reaches the binary that runs it through /proc/PID/exe (CVE-2019-5736). The
spawner therefore executes itself once more through a detached, read-only overlay mount.
"""

import os
import sys

from boxship.kernel import mount

_SEALED = os.ST_RDONLY | os.ST_NOSUID
# What the interpreter itself reads. The rest of the daemon's environment may hold secrets, and
# the memory of a container's --init process could be read from inside.
_KEPT = ("PYTHON", "LD_", "LC_", "LANG", "PATH", "BOXSHIP_")


def _sealed_view(directory: str, empty: str) -> int:
    """A detached read-only overlay of *directory* (overlayfs wants a second layer: *empty*)."""
    context = mount.fsopen("overlay")
    try:
        mount.fsconfig_string(context, "lowerdir", f"{directory}:{empty}")
        mount.fsconfig_create(context)
        return mount.fsmount(context, mount.MOUNT_ATTR_RDONLY | mount.MOUNT_ATTR_NOSUID)
    finally:
        os.close(context)


def is_sealed() -> bool:
    """Whether our binary lies on a mount that is read-only and without setuid, as the view is."""
    flags = os.statvfs("/proc/self/exe").f_flag
    return flags & _SEALED == _SEALED


def reexec(empty: str) -> None:
    """Replace this process by itself, run from a sealed view. *empty*: an empty directory."""
    binary = os.path.realpath("/proc/self/exe")
    view = _sealed_view(os.path.dirname(binary), empty)
    fd = os.open(os.path.basename(binary), os.O_PATH | os.O_CLOEXEC, dir_fd=view)
    environment = {key: value for key, value in os.environ.items() if key.startswith(_KEPT)}
    # Functions of libraries are looked up once, here, instead of by each child again.
    environment["LD_BIND_NOW"] = "1"
    os.execve(fd, [sys.executable, *sys.orig_argv[1:]], environment)
