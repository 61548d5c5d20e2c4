"""What the host is and offers, as ``GET /info`` and ``GET /version`` tell it."""

import os
import platform
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
_MEM_TOTAL = re.compile(r"^MemTotal:\s+(\d+) kB", re.MULTILINE)
_ASSIGNMENT = re.compile(r"^([A-Z_]+)=(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Host:
    """Constant while the engine runs. *memory* is in bytes."""

    name: str
    kernel: str
    machine: str
    architecture: str
    """Go's name of *machine*, which image platforms use."""
    system: str
    system_version: str
    cpus: int
    memory: int
    cgroup_version: int
    cgroup_controllers: frozenset[str]
    seccomp: bool
    apparmor: bool


@cache
def host() -> Host:
    """This host, read once."""
    uname = os.uname()
    release = _os_release()
    version, controllers = _cgroups()
    return Host(
        name=uname.nodename,
        kernel=uname.release,
        machine=uname.machine,
        architecture=_ARCHITECTURES.get(uname.machine, uname.machine),
        system=release.get("PRETTY_NAME", platform.system()),
        system_version=release.get("VERSION_ID", ""),
        cpus=len(os.sched_getaffinity(0)),
        memory=_memory(),
        cgroup_version=version,
        cgroup_controllers=controllers,
        seccomp="Seccomp:" in _read("/proc/self/status"),
        apparmor=_read("/sys/module/apparmor/parameters/enabled").strip() == "Y",
    )


def ip_forwarding() -> bool:
    return _read("/proc/sys/net/ipv4/ip_forward").strip() == "1"


def bridge_filter(family: str) -> bool:
    """Whether bridged packets pass the firewall; *family* is ``iptables`` or ``ip6tables``."""
    return _read(f"/proc/sys/net/bridge/bridge-nf-call-{family}").strip() == "1"


def open_descriptors() -> int:
    """Of this process."""
    return len(os.listdir("/proc/self/fd")) - 1


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def _os_release() -> dict[str, str]:
    text = _read("/etc/os-release") or _read("/usr/lib/os-release")
    return {name: value.strip("\"'") for name, value in _ASSIGNMENT.findall(text)}


def _memory() -> int:
    match = _MEM_TOTAL.search(_read("/proc/meminfo"))
    return int(match.group(1)) * 1024 if match else 0


def _cgroups() -> tuple[int, frozenset[str]]:
    """The cgroup version in use and its controllers (cgroups(7))."""
    unified = _read("/sys/fs/cgroup/cgroup.controllers").split()
    if unified:
        return 2, frozenset(unified)
    rows = [line.split() for line in _read("/proc/cgroups").splitlines() if line[:1] != "#"]
    return 1, frozenset(row[0] for row in rows if len(row) == 4 and row[3] == "1")
