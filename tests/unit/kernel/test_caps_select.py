"""Docker's rules for choosing capabilities."""

import pytest

from boxship.base.errors import InvalidParameter
from boxship.kernel import caps

EVERY = list(caps.NAMES)
DEFAULT = list(caps.DOCKER_DEFAULT)
WITHOUT_RESOURCE = [name for name in EVERY if name != "CAP_SYS_RESOURCE"]


def test_numbers() -> None:
    assert len(caps.NAMES) == 41
    assert (caps.NUMBERS["CAP_CHOWN"], caps.NUMBERS["CAP_SYS_ADMIN"]) == (0, 21)
    assert (caps.NUMBERS["CAP_SETFCAP"], caps.NUMBERS["CAP_CHECKPOINT_RESTORE"]) == (31, 40)
    assert caps.names(caps.mask(EVERY)) == EVERY
    assert caps.mask(["CAP_SETFCAP", "CAP_MAC_OVERRIDE"]) == 3 << 31


@pytest.mark.parametrize(
    ("add", "drop", "expected"),
    [
        ([], [], DEFAULT),
        (["NET_ADMIN"], [], [*DEFAULT, "CAP_NET_ADMIN"]),
        (["cap_net_admin"], [], [*DEFAULT, "CAP_NET_ADMIN"]),
        (["CHOWN"], [], DEFAULT),
        ([], ["chown"], DEFAULT[1:]),
        ([], ["all"], []),
        (["SYS_TIME"], ["ALL"], ["CAP_SYS_TIME"]),
        (["ALL"], [], EVERY),
        (["ALL"], ["CAP_SYS_RESOURCE"], WITHOUT_RESOURCE),
        (["ALL"], ["ALL"], EVERY),
        (["CHOWN"], ["CHOWN"], [*DEFAULT[1:], "CAP_CHOWN"]),
    ],
)
def test_select(add: list[str], drop: list[str], expected: list[str]) -> None:
    assert caps.select(add, drop, supported=EVERY) == expected


def test_privileged_has_what_the_host_has() -> None:
    assert (
        caps.select([], ["CHOWN"], privileged=True, supported=WITHOUT_RESOURCE) == WITHOUT_RESOURCE
    )
    assert caps.select(["ALL"], [], supported=WITHOUT_RESOURCE) == WITHOUT_RESOURCE


@pytest.mark.parametrize(
    ("add", "drop", "text"),
    [
        (["foo"], [], 'invalid CapAdd: unknown capability: "CAP_FOO"'),
        ([], ["CAP_BAR"], 'invalid CapDrop: unknown capability: "CAP_BAR"'),
        (
            ["SYS_RESOURCE"],
            [],
            "invalid CapAdd: capability not supported by your kernel or not available in the "
            'current environment: "CAP_SYS_RESOURCE"',
        ),
    ],
)
def test_dockerd_texts(add: list[str], drop: list[str], text: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        caps.select(add, drop, supported=WITHOUT_RESOURCE)
    assert str(caught.value) == text
