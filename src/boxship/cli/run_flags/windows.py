"""Flags that only daemons on Windows heed. They are sent, and refused there."""

from __future__ import annotations

from boxship.cli.flags.flag import Flag, switch
from boxship.cli.run_flags.placed import Placed


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
