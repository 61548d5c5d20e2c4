"""What this machine runs, and what is said of images that it may not run."""

import pytest

from boxship.images import host_platform
from boxship.images import platform as platforms

_V2 = "fpu cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"
_V3 = f"{_V2} avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"
_V4 = f"{_V3} avx512f avx512bw avx512cd avx512dq avx512vl"


@pytest.mark.parametrize(
    ("flags", "variant"),
    [("fpu", ""), (_V2, "v2"), (_V3, "v3"), (_V4, "v4"), (_V4.replace("movbe", ""), "v2")],
)
def test_levels_of_processors(flags: str, variant: str) -> None:
    cpuinfo = f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: spectre\n\nprocessor\t: 1\n"
    assert host_platform.level(cpuinfo) == variant


def test_a_processor_that_tells_nothing() -> None:
    assert host_platform.level("processor\t: 0\n") == ""


def test_images_for_this_machine_are_not_warned_of() -> None:
    here = platforms.host()
    assert host_platform.mismatch(here) == ""
    assert host_platform.mismatch(host_platform.fastest()) == ""
    assert host_platform.mismatch(platforms.parse("linux/s390x")) == (
        "The requested image's platform (linux/s390x) does not match the detected host platform "
        f"({host_platform.fastest()}) and no specific platform was requested"
    )
