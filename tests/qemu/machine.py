"""One run of the machine: the checkout goes in as a disk, a JUnit report comes out of a port."""

import io
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

from qemu.system import System

ARGUMENTS = "tests/qemu/guest/arguments"
_CHECKOUT = Path(__file__).parents[2]
_SHARED = ("src", "tests", "pyproject.toml")
_LEFT_OUT = ("__pycache__", ".egg-info")


def run(system: System, work: Path, arguments: Sequence[str], seconds: float) -> Path:
    """Boot, run pytest with *arguments* in the checkout, power off; returns the report's path.

    The console goes to our standard output. The report is empty when the tests did not end.
    Raises TimeoutExpired after *seconds*; the machine is killed then.
    """
    checkout, report = work / "checkout.tar", work / "report.xml"
    _pack(checkout, arguments)
    report.touch()
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-m", "2048", "-smp", "2"]
    command += ["-nodefaults", "-nic", "none", "-display", "none", "-no-reboot"]
    command += ["-kernel", str(system.kernel), "-initrd", str(system.initramfs)]
    command += ["-append", "console=ttyS0 quiet panic=-1 rdinit=/init", "-serial", "stdio"]
    command += ["-drive", f"file={system.disk},format=raw,if=virtio,snapshot=on"]
    command += ["-drive", f"file={checkout},format=raw,if=virtio,readonly=on"]
    command += ["-device", "virtio-serial", "-chardev", f"file,id=report,path={report}"]
    command += ["-device", "virtserialport,chardev=report,name=report"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=seconds)
    return report


def _pack(target: Path, arguments: Sequence[str]) -> None:
    """The parts of the checkout that tests need, padded to whole sectors as every tar is."""
    with tarfile.open(target, "w") as archive:
        for name in _SHARED:
            archive.add(_CHECKOUT / name, name, filter=_wanted)
        content = "".join(f"'{argument}'\n" for argument in arguments).encode()
        member = tarfile.TarInfo(ARGUMENTS)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


def _wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if member.name.endswith(_LEFT_OUT) else member
