"""Names of resource limits, and their effect on a child."""

import os
import resource

import pytest

from boxship.base.errors import InvalidParameter
from boxship.kernel import rlimits


def test_names_and_numbers_are_the_systems() -> None:
    for name, number in rlimits.NUMBERS.items():
        attribute = getattr(resource, rlimits.spec_name(name), number)
        assert attribute == number, name
        assert rlimits.number(rlimits.spec_name(name)) == number


def test_unknown_ones_get_dockers_text() -> None:
    with pytest.raises(InvalidParameter, match=r"^invalid ulimit type: files$"):
        rlimits.spec_name("files")
    with pytest.raises(InvalidParameter):
        rlimits.number("RLIMIT_FILES")


def test_apply_in_a_child() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    pid = os.fork()
    if pid == 0:
        rlimits.apply(
            [
                {"type": "RLIMIT_NOFILE", "soft": 64, "hard": hard},
                {"type": "RLIMIT_CORE", "soft": 0, "hard": 0},
            ]
        )
        files, core = map(resource.getrlimit, (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE))
        os._exit(0 if files == (64, hard) and core == (0, 0) else 1)
    assert os.waitpid(pid, 0)[1] == 0
