"""The five capability sets of a real process."""

import errno
import os

import pytest

from boxship.kernel import caps
from support.forked import errno_of, in_child
from support.requirements import require_root

SOME = ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"]


@pytest.fixture(autouse=True)
def _as_root() -> None:
    require_root()


def status() -> dict[str, list[str]]:
    with open("/proc/self/status") as file:
        lines = dict(line.split(":\t") for line in file if line.startswith("Cap"))
    return {key: caps.names(int(value, 16)) for key, value in lines.items()}


def test_available_is_the_bounding_set() -> None:
    assert caps.available() == status()["CapBnd"]


def test_apply_sets_all_five() -> None:
    def confined() -> dict[str, list[str]]:
        caps.apply(SOME, SOME[:2], SOME, SOME[1:], SOME[2:])
        return status()

    assert in_child(confined) == {
        "CapBnd": SOME,
        "CapEff": SOME[:2],
        "CapPrm": SOME,
        "CapInh": SOME[1:],
        "CapAmb": SOME[2:],
    }


def test_apply_after_a_change_of_user() -> None:
    def confined() -> dict[str, list[str]]:
        caps.keep_on_setuid()
        os.setresuid(1234, 1234, 1234)
        caps.apply(SOME, SOME, SOME, SOME, SOME)
        return status()

    assert set(map(tuple, in_child(confined).values())) == {tuple(SOME)}


def test_apply_empty_leaves_nothing() -> None:
    def confined() -> list[object]:
        caps.apply([], [], [], [], [])
        return [status(), errno_of(os.chown, "/proc/self/fd", 1, 1), errno_of(os.setuid, 5)]

    sets, chown, setuid = in_child(confined)
    assert not any(sets.values())
    assert (chown, setuid) == (errno.EPERM, errno.EPERM)


def test_what_we_do_not_hold_is_left_out() -> None:
    def confined() -> dict[str, list[str]]:
        everything = caps.available()
        caps.apply(everything, SOME, SOME, [], [])
        caps.apply(everything, everything, everything, everything, [])
        return status()

    sets = in_child(confined)
    assert (sets["CapEff"], sets["CapPrm"], sets["CapInh"]) == (SOME, SOME, SOME)


def test_the_bounding_set_falls_only_with_setpcap() -> None:
    def confined() -> int:
        caps.apply(caps.available(), SOME, SOME, [], [])
        return errno_of(caps.apply, SOME, SOME, SOME, [], [])

    assert in_child(confined) == errno.EPERM


def test_get_reads_another_process() -> None:
    assert caps.get(os.getpid()) == caps.get()
    assert caps.names(caps.get(1)[1]) != []


def test_ambient_needs_permitted_and_inheritable() -> None:
    def confined() -> list[str]:
        caps.apply(SOME, SOME, SOME, SOME[:1], SOME)
        return status()["CapAmb"]

    assert in_child(confined) == SOME[:1]
