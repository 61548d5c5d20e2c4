"""What a running container and an idle engine cost in memory."""

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from support.engines import Engine

_SETTLE_SECONDS = 2.0
# The first ones share pages by chance that later ones have to themselves.
_SHIMS = 4


def _rollup(pid: int, *fields: str) -> int:
    """Bytes in *fields* of the process's memory summary (proc_pid_smaps_rollup(5))."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.split(":")[0] in fields)


def _parent(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid"))


def _tree(pid: int) -> Iterator[int]:
    """*pid* and all its descendants."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _tree(int(child))


def shim(engine: Engine) -> float:
    """Private bytes of the process that stands between the engine and a container."""
    for number in range(_SHIMS):
        name = f"bench-shim-{number}"
        engine.docker("run", "-d", "--network", "none", "--name", name, "busybox", "sleep", "1000")
    try:
        time.sleep(_SETTLE_SECONDS)
        first = engine.docker("inspect", "-f", "{{.State.Pid}}", name).stdout
        return _rollup(_parent(int(first)), "Private_Clean", "Private_Dirty")
    finally:
        engine.docker("rm", "-f", *(f"bench-shim-{number}" for number in range(_SHIMS)))


def idle(engine: Engine) -> float:
    """Proportional bytes of the engine's processes while no container runs."""
    time.sleep(_SETTLE_SECONDS)
    return sum(_rollup(pid, "Pss") for pid in _tree(engine.pid))


FIGURES = [
    Figure("private memory of a shim", shim, unit="MB", ceiling=1.5e6),
    Figure("memory of the idle engine", idle, unit="MB", ceiling=60e6),
]
