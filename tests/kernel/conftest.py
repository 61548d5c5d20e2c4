"""Roots of containers for the kernel tests."""

import os
from pathlib import Path

import pytest

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
