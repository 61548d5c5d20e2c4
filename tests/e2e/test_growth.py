"""Many containers come and go; the daemon and its spawner stay as they were."""

import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines
from support.engines import Engine
from support.plain_http import Client
from support.waiting import eventually

WARM_UP = 100
ROUNDS = 4
RESTARTS = 100
# Allocators settle late, but not in each round; a leak of a kilobyte a restart would exceed this.
GROWTH = 64 * 1024


def _processes(engine: Engine) -> list[int]:
    """The daemon and what it started directly: its spawner."""
    children = Path(f"/proc/{engine.pid}/task").glob("*/children")
    return [engine.pid, *(int(pid) for path in children for pid in path.read_text().split())]


def _descriptors(engine: Engine) -> list[int]:
    return [len(os.listdir(f"/proc/{pid}/fd")) for pid in _processes(engine)]


def _at_rest(engine: Engine) -> list[int]:
    """Descriptors once the last container's are closed: the least of what a second shows."""
    counts = []
    for _ in range(10):
        time.sleep(0.1)
        counts.append(_descriptors(engine))
    return min(counts)


def _no_more(counts: list[int], before: list[int]) -> bool:
    return all(now <= then for now, then in zip(counts, before, strict=True))


def _private(engine: Engine) -> int:
    """Bytes of private memory of all processes together (proc_pid_smaps_rollup(5))."""
    total = 0
    for pid in _processes(engine):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Private_"):
                total += int(line.split()[1]) * 1024
    return total


def _restart(engine: Engine, times: int) -> None:
    with Client(engine.socket) as client:
        for _ in range(times):
            client.call("POST", "/containers/growth/start")
            assert client.call("POST", "/containers/growth/wait")["StatusCode"] == 0


@pytest.fixture
def fresh() -> Iterator[Engine]:
    """A daemon whose allocator has seen nothing of other tests."""
    with engines.running("boxship") as engine:
        yield engine


@pytest.mark.timeout(300)
def test_restarts_leave_nothing(fresh: Engine) -> None:
    fresh.docker("create", "--name", "growth", "--network", "none", "busybox", "true")
    _restart(fresh, WARM_UP)
    descriptors, private = _at_rest(fresh), [_private(fresh)]
    for _ in range(ROUNDS):
        _restart(fresh, RESTARTS)
        eventually(lambda: _no_more(_descriptors(fresh), descriptors))
        private.append(_private(fresh))
    growth = [after - before for before, after in itertools.pairwise(private)]
    assert min(growth) < GROWTH, growth
