"""Flags that only daemons on Windows heed, and no daemon of ours."""

from __future__ import annotations

from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.run_flags.placed import Placed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body


class OtherSystem(Failed):
    """Ends a command with a message alone: nothing is wrong with how it was used."""


def _hidden(flag: Flag) -> Flag:
    flag.hidden = True
    return flag


ROWS = (
    Placed(_hidden(Flag("cpu-count", "Number of CPUs", "int")), "HostConfig.CpuCount"),
    Placed(_hidden(Flag("cpu-percent", "Percentage of CPUs", "int")), "HostConfig.CpuPercent"),
    Placed(
        _hidden(Flag("io-maxbandwidth", "Bytes a second of the system drive", "bytes")),
        "HostConfig.IOMaximumBandwidth",
    ),
    Placed(
        _hidden(Flag("io-maxiops", "Operations a second of the system drive", "int")),
        "HostConfig.IOMaximumIOps",
    ),
    Placed(_hidden(switch("disable-content-trust", "Kept for scripts", default=True))),
)

_REFUSED = ("cpu-count", "cpu-percent", "io-maxbandwidth", "io-maxiops")


def apply(arguments: Arguments, body: Body) -> None:
    for name in _REFUSED:
        if arguments.given(name):
            raise OtherSystem(
                f'"--{name}" is only supported on a Docker daemon running on windows, but the '
                "Docker daemon is running on linux"
            )
