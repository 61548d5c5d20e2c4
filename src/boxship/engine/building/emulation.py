"""Which platforms' programs this machine runs: its own, and those that an emulator is registered
for with the kernel (binfmt_misc; Documentation/admin-guide/binfmt-misc.rst)."""

import re
from pathlib import Path

from boxship.images import platform as platforms
from boxship.images.platform import Platform

_REGISTERED = Path("/proc/sys/fs/binfmt_misc")
_MAGIC = re.compile(r"^magic ([0-9a-f]+)$", re.MULTILINE)
_ELF, _MACHINE = "7f454c46", 18
# e_machine of ELF headers, with the class (2: 64 bits) and the byte order (1: little endian).
_ARCHITECTURES = {
    (3, 1, 1): "386",
    (40, 1, 1): "arm",
    (62, 2, 1): "amd64",
    (183, 2, 1): "arm64",
    (21, 2, 1): "ppc64le",
    (22, 2, 2): "s390x",
    (243, 2, 1): "riscv64",
    (258, 2, 1): "loong64",
    (8, 2, 1): "mips64le",
    (8, 2, 2): "mips64",
}
# What the processor does by itself besides its own.
_ALSO = {"amd64": ("386",)}


def served(registered: Path = _REGISTERED) -> list[Platform]:
    """This machine's platform first; those of the emulators follow by name."""
    here = platforms.host()
    found = [*_ALSO.get(here.architecture, ()), *sorted(set(_emulated(registered)))]
    others = dict.fromkeys(name for name in found if name != here.architecture)
    return [here, *(Platform("linux", name) for name in others)]


def runs(wanted: Platform, registered: Path = _REGISTERED) -> bool:
    """Whether programs of *wanted* are likely to run."""
    return wanted.architecture in {one.architecture for one in served(registered)}


def _emulated(registered: Path) -> list[str]:
    found = []
    for path in registered.iterdir() if registered.is_dir() else ():
        if path.name in ("register", "status"):
            continue
        text = path.read_text(errors="replace")
        magic = _MAGIC.search(text)
        if magic is None or not text.startswith("enabled") or not magic[1].startswith(_ELF):
            continue
        data = bytes.fromhex(magic[1].ljust(2 * (_MACHINE + 2), "0"))
        is_big = data[5] == 2
        machine = int.from_bytes(data[_MACHINE : _MACHINE + 2], "big" if is_big else "little")
        name = _ARCHITECTURES.get((machine, data[4], data[5]))
        found += [name] if name else []
    return found
