"""Which propagation a bind can have depends on the mount that its source lies on (mount(8))."""

import os
import re

from boxship.base.errors import InvalidParameter
from boxship.runtime.spec.facts import UserMount

_ESCAPE = re.compile(r"\\([0-7]{3})")


def check(mounts: list[UserMount]) -> None:
    """:class:`InvalidParameter` in Docker's words where the host's mount does not propagate."""
    wanted = [m for m in mounts if m.type == "bind" and m.propagation.lstrip("r") in _NEEDS]
    if not wanted:
        return
    table = _host_mounts()
    for mount in wanted:
        required, text = _NEEDS[mount.propagation.lstrip("r")]
        point, tags = _mount_of(os.path.realpath(mount.source), table)
        if not any(tag.startswith(required) for tag in tags):
            raise InvalidParameter(f"path {mount.source} is mounted on {point} but {text}")


_NEEDS: dict[str, tuple[tuple[str, ...], str]] = {
    "shared": (("shared:",), "it is not a shared mount"),
    "slave": (("shared:", "master:"), "it is not a shared or slave mount"),
}


def _host_mounts() -> dict[str, list[str]]:
    """Mount points with their optional fields (proc_pid_mountinfo(5)); later ones cover earlier."""
    table: dict[str, list[str]] = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            fields = line.split(" ")
            point = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[4])
            table[point] = fields[6 : fields.index("-")]
    return table


def _mount_of(path: str, table: dict[str, list[str]]) -> tuple[str, list[str]]:
    """The mount point that *path* lies on."""
    while path not in table and path != "/":
        path = os.path.dirname(path)
    return path, table.get(path, [])
