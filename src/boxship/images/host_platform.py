"""What this machine's processor runs, and what is said of images that are for another one."""

import functools
import re
from dataclasses import replace
from pathlib import Path

from boxship.images import platform as platforms
from boxship.images.platform import Platform

_CPUINFO = Path("/proc/cpuinfo")
_FLAGS = re.compile(r"^flags\s*:(.*)$", re.MULTILINE)
# What each level has besides the one before it (x86-64 psABI, "Micro-Architecture Levels").
_LEVELS = (
    ("v2", "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"),
    ("v3", "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"),
    ("v4", "avx512f avx512bw avx512cd avx512dq avx512vl"),
)


@functools.cache
def fastest() -> Platform:
    """The most demanding platform whose programs run here."""
    here = platforms.host()
    if here.architecture != "amd64":
        return here
    return replace(here, variant=level(_CPUINFO.read_text()))


def level(cpuinfo: str) -> str:
    """The variant of amd64 that the text of ``/proc/cpuinfo`` speaks of; empty for the first."""
    found = _FLAGS.search(cpuinfo)
    flags = set(found[1].split()) if found else set()
    reached = ""
    for name, needed in _LEVELS:
        if not flags.issuperset(needed.split()):
            break
        reached = name
    return reached


def mismatch(image: Platform) -> str:
    """Docker's warning when a container of *image*'s platform is made and nobody has asked for
    that; empty when it is this machine's."""
    here = fastest()
    usual = (image.os, image.architecture, image.variant) == (here.os, here.architecture, "")
    if usual or platforms.choose([image], here) is not None:
        return ""
    return (
        f"The requested image's platform ({image}) does not match the detected host platform "
        f"({here}) and no specific platform was requested"
    )
