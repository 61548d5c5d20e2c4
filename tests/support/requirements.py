"""What a test needs of the machine. Lacking it skips the test, except on CI, where it fails."""

import os
import shutil
from typing import NoReturn

import pytest

ON_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")


def lacking(reason: str) -> NoReturn:
    """Skip the running test for *reason*; on CI the test fails instead."""
    if ON_CI:
        pytest.fail(f"CI must not skip: {reason}", pytrace=False)
    pytest.skip(reason)


def require_root() -> None:
    """The test needs uid 0 in the host's user namespace."""
    if os.geteuid() != 0:
        lacking("needs root")


def require_tool(*names: str) -> None:
    """The test runs the host programs *names*; ``make test`` installs what Debian has of them."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        lacking(f"needs the program {', '.join(missing)}")
