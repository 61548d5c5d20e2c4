"""A daemon that a test may kill, and the proof that nothing of it is left at the end."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import engines, leaks
from support.requirements import require_root, require_tool

Start = Callable[..., engines.Engine]


def _data(engine: engines.Engine) -> Path:
    """The daemon's data as it sees it."""
    return Path(f"/proc/{engine.pid}/root{engine.root}/data")


def _assert_nothing_left(root: Path) -> None:
    left = leaks.settled(
        lambda: [*leaks.mounts(root), *leaks.processes(root), *leaks.cgroups(root.name)]
    )
    assert list(left) == []


@pytest.fixture
def mortal() -> Iterator[engines.Engine]:
    """A Boxship daemon of the test's own, with busybox. Containers are removed at the end, by a
    fresh daemon if the test left none; then no mount, process or control group may be left."""
    with _running(engines.boxship) as engine:
        yield engine


@pytest.fixture
def remapped_mortal() -> Iterator[engines.Engine]:
    """As :func:`mortal`, with containers in user namespaces."""
    with _running(engines.remapped) as engine:
        yield engine


@pytest.fixture
def cramped_mortal() -> Iterator[engines.Engine]:
    """As :func:`mortal`, with 320 MB for everything that it stores, in a mount namespace of its."""
    with _running(_cramped) as engine:
        yield engine


def _cramped(root: Path) -> engines.Engine:
    (root / "data").mkdir()
    engine = engines.boxship(root)
    engine.unshare = ("--net", "--mount")
    engine.prelude += f"; mount -t tmpfs -o size=320m none {root}/data"
    return engine


@contextlib.contextmanager
def _running(make: Callable[[Path], engines.Engine]) -> Iterator[engines.Engine]:
    require_root()
    require_tool("docker", "unshare", "busybox", "ip")
    root = Path(tempfile.mkdtemp(prefix="bx-", dir="/tmp"))
    engine = make(root)
    try:
        engine.start()
        engine.load_busybox()
        yield engine
        if engine.process is None:
            engine.start()
        engine.remove_containers()
        assert list(leaks.settled(lambda: os.listdir(_data(engine) / "containers"))) == []
        engine.stop()
        _assert_nothing_left(root)
    finally:
        engine.stop()
        leaks.remove_cgroups(root.name)
        shutil.rmtree(root, ignore_errors=True)
