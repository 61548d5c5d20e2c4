"""These tests need a host with cgroup v2 alone; ``make test-v2`` makes one."""

import os
from collections.abc import Iterator

import pytest

from boxship.kernel import cgroup
from boxship.kernel.cgroup.layout import Layout
from support.cgroups import remove_prefix
from support.mortal import mortal
from support.requirements import require_root

__all__ = ["layout", "mortal"]


@pytest.fixture(autouse=True)
def _needs_v2() -> None:
    require_root()
    if not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        pytest.skip("kernel: cgroup v2 is not mounted alone here")


@pytest.fixture
def layout() -> Iterator[Layout]:
    found = cgroup.detect()
    assert found.version == 2
    yield found
    remove_prefix(found)
