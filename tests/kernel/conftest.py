"""Roots of containers for the kernel tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.network import namespace
from boxship.network.namespace import Namespace
from support.network_ground import Ground
from support.requirements import require_root
from support.workers import Root


@pytest.fixture
def root(tmp_path: Path) -> Root:
    require_root()
    lower = tmp_path / "lower"
    (lower / "data/sub").mkdir(parents=True)
    (lower / "data/hello").write_text("hello\n")
    os.link(lower / "data/hello", lower / "data/zz")
    os.symlink("../data/hello", lower / "data/sub/rel")
    os.symlink("/data", lower / "dl")
    (lower / "etc").mkdir()
    (lower / "etc/passwd").write_text("root:x:0:0::/:\napp:x:77:78::/:\n")
    return Root(tmp_path / "c", [lower])


@pytest.fixture
def ground() -> Iterator[Ground]:
    require_root()
    made = Ground(namespace.make())
    yield made
    for each in [*made.opened, made.host]:
        each.close()


@pytest.fixture
def outside() -> Iterator[Namespace]:
    """Another host."""
    require_root()
    made = namespace.make()
    yield made
    made.close()
