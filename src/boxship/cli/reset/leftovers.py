"""Files and control groups that a stopped daemon leaves, and nothing but those."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

CGROUPS = "/sys/fs/cgroup"
# What daemons make in their data root. Whatever else is there is somebody else's.
DATA = frozenset(
    (
        "blobs",
        "build",
        "containers",
        "daemon.lock",
        "layers",
        "skeleton",
        "skeletons",
        "snapshots",
        "partial",
        "staging",
        "volumes",
    )
)
# And the files of SQLite beside it.
DATABASE = "boxship.db"
RUN = frozenset(
    (
        "boxship.pid",
        "boxship.sock",
        "containers",
        "dns.sock",
        "empty",
        "foreign-rules.json",
        "proxy.sock",
        "rootfs",
        "start.lock",
    )
)
LOGS = frozenset(("daemon.log",))


def remove_data(root: str) -> list[str]:
    """Remove a data root; the paths that stay."""
    return _remove_known(root, DATA, DATABASE)


def remove_run(root: str) -> list[str]:
    """Remove an exec root; the paths that stay."""
    return _remove_known(root, RUN)


def remove_logs(root: str) -> list[str]:
    return _remove_known(root, LOGS)


def _remove_known(root: str, names: frozenset[str], prefix: str | None = None) -> list[str]:
    try:
        device = os.lstat(root).st_dev
        found = sorted(os.listdir(root))
    except FileNotFoundError:
        return []
    stays: list[str] = []
    for name in found:
        path = f"{root}/{name}"
        if name in names or (prefix and name.startswith(prefix)):
            stays += _remove(path, device)
        else:
            stays.append(path)
    if not stays and not os.path.ismount(root):
        os.rmdir(root)
    return stays


def _remove(path: str, device: int) -> list[str]:
    """Remove a tree, links not followed and other file systems left alone; what stays."""
    found = os.lstat(path)
    if found.st_dev != device:
        return [path]
    if not stat.S_ISDIR(found.st_mode):
        os.unlink(path)
        return []
    stays = [left for name in os.listdir(path) for left in _remove(f"{path}/{name}", device)]
    if not stays:
        os.rmdir(path)
    return stays


def remove_cgroups(parent: str, top: str = CGROUPS) -> list[str]:
    """Remove the control groups below *parent* in every hierarchy; those that stay."""
    stays = []
    for group in _groups(parent.strip("/"), top):
        try:
            os.rmdir(group)
        except FileNotFoundError:
            pass
        except OSError:
            stays.append(group)
    return stays


def _groups(parent: str, top: str) -> Iterator[str]:
    """Deepest first. Version 2 has one hierarchy at the top, version 1 one in each directory."""
    if not parent:
        return
    hierarchies = [top, *(f"{top}/{name}" for name in os.listdir(top))]
    for hierarchy in hierarchies:
        for path, _, _ in os.walk(f"{hierarchy}/{parent}", topdown=False):
            yield path
