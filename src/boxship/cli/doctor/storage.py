"""Where the daemon keeps its data: the file system, its space, its files."""

from __future__ import annotations

import os

from boxship.cli.doctor.finding import broken, good, weak
from boxship.cli.output.units import human_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boxship.cli.doctor.finding import Finding
    from boxship.cli.doctor.machine import Machine

# Overlayfs cannot write to these (no extended attributes of "trusted", or no rename exchange).
UNFIT = ("nfs", "nfs4", "cifs", "smb3", "vfat", "exfat", "ntfs3", "9p", "fuse.sshfs", "ecryptfs")
TEMPORARY = ("tmpfs", "ramfs")
LITTLE_SPACE = 2_000_000_000
LITTLE_FILES = 10_000


def findings(machine: Machine, data_root: str) -> Iterator[Finding]:
    place = _nearest(machine, data_root)
    point, kind = _mounted(machine, place)
    yield _kind(data_root, point, kind)
    yield from _room(machine.path(place), data_root)


def _nearest(machine: Machine, path: str) -> str:
    """The directory itself or the first one above it that exists."""
    while path != "/" and not machine.exists(path):
        path = os.path.dirname(path)
    return path


def _mounted(machine: Machine, path: str) -> tuple[str, str]:
    best = ("/", "unknown")
    for point, kind, _ in machine.mounts():
        inside = point == "/" or path == point or path.startswith(point + "/")
        # Of several mounts on one point, the last one is seen.
        if inside and len(point) >= len(best[0]):
            best = (point, kind)
    return best


def _kind(data_root: str, point: str, kind: str) -> Finding:
    detail = f"{data_root} is on {kind} ({point})"
    mend = "move it to a local disk: boxship daemon --data-root DIRECTORY"
    if kind in UNFIT:
        return broken("file system", f"{detail}, which overlayfs cannot write to", mend)
    if kind == "overlay":
        return broken("file system", f"{detail}, which cannot be stacked on itself", mend)
    if kind in TEMPORARY:
        return weak("file system", f"{detail}: a reboot forgets everything", mend)
    return good("file system", detail)


def _room(path: str, data_root: str) -> Iterator[Finding]:
    try:
        found = os.statvfs(path)
    except OSError as error:
        yield broken("space", f"{data_root}: {error.strerror}", "make the directory readable")
        return
    free = found.f_bavail * found.f_frsize
    detail = f"{human_size(free)} of {human_size(found.f_blocks * found.f_frsize)} free"
    if free < LITTLE_SPACE:
        yield weak("space", detail, "boxship system df --explain says what holds how much")
    else:
        yield good("space", detail)
    # File systems without a fixed number of files say zero.
    if found.f_files and found.f_favail < LITTLE_FILES:
        yield weak("files", f"{found.f_favail} more can be made", "boxship system prune")
