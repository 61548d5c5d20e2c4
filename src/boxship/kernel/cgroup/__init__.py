"""Control groups: one interface over cgroup v1 and v2.

``detect()`` once; ``open_group(layout, "/boxship/<id>")`` for a container's group.
"""

from boxship.base.errors import InvalidParameter
from boxship.kernel.cgroup.features import unsupported
from boxship.kernel.cgroup.files import Refused
from boxship.kernel.cgroup.interface import Cgroup
from boxship.kernel.cgroup.layout import UNIFIED, Layout, detect
from boxship.kernel.cgroup.resources import Resources, from_spec
from boxship.kernel.cgroup.stats import Stats
from boxship.kernel.cgroup.v1.group import GroupV1
from boxship.kernel.cgroup.v2 import delegation
from boxship.kernel.cgroup.v2.group import GroupV2

__all__ = [
    "Cgroup",
    "Layout",
    "Refused",
    "Resources",
    "Stats",
    "detect",
    "from_spec",
    "make_room",
    "open_group",
    "unsupported",
]


def open_group(layout: Layout, path: str) -> Cgroup:
    """The group *path* (absolute, below every mount), whether it exists or not.

    InvalidParameter for a path that names the root or steps outside.
    """
    parts = path.split("/")[1:]
    if not path.startswith("/") or not all(parts) or {".", ".."} & set(parts) or "\0" in path:
        raise InvalidParameter(f"invalid cgroup path: {path!r}")
    return GroupV1(layout, path) if layout.version == 1 else GroupV2(layout, path)


def make_room(layout: Layout, parent: str) -> None:
    """Step aside, if this process is in a group that has *parent*, the containers' group, below it.

    Under v2 a group has either processes or groups with limits. OSError where it is refused.
    """
    if layout.version == 2:
        delegation.make_room(layout.mounts[UNIFIED], layout.mounts[UNIFIED] + parent)
