"""Which namespaces the container has of its own and which it shares; its cgroup's place."""

from __future__ import annotations

from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag
from boxship.cli.run_flags.placed import Placed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body

ROWS = (
    Placed(Flag("pid", "PID namespace: host or container:NAME"), "HostConfig.PidMode"),
    Placed(
        Flag("ipc", "IPC namespace: none, private, shareable, host or container:NAME"),
        "HostConfig.IpcMode",
    ),
    Placed(Flag("uts", "UTS namespace: host"), "HostConfig.UTSMode"),
    Placed(Flag("userns", "User namespace: host"), "HostConfig.UsernsMode"),
    Placed(Flag("cgroupns", "Cgroup namespace: host or private"), "HostConfig.CgroupnsMode"),
    Placed(Flag("cgroup-parent", "Cgroup to put the container under"), "HostConfig.CgroupParent"),
)

# Flag, what may be said, whether another container's may be named, Docker's name of the mode.
_ALLOWED = (
    ("pid", ("", "host"), True, "PID"),
    ("uts", ("", "host"), False, "UTS"),
    ("userns", ("", "host"), False, "USER"),
    ("cgroupns", ("", "host", "private"), False, "CGROUP"),
)


def apply(arguments: Arguments, body: Body) -> None:
    for name, allowed, shares, kind in _ALLOWED:
        mode = arguments.text(name)
        shared = shares and mode.startswith("container:") and mode != "container:"
        if mode not in allowed and not shared:
            raise Failed(f"--{name}: invalid {kind} mode")
