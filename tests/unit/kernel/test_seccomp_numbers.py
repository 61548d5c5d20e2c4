"""The call tables against the system's headers and libseccomp."""

import re
from pathlib import Path

import pytest

from boxship.kernel.seccomp import numbers
from support import libseccomp
from support.requirements import lacking

HEADERS = Path("/usr/include/x86_64-linux-gnu/asm")
# Newer calls than some libseccomp knows.
FIRST_UNSETTLED = 467


@pytest.mark.parametrize(
    ("header", "arch"),
    [
        ("unistd_64.h", "SCMP_ARCH_X86_64"),
        ("unistd_32.h", "SCMP_ARCH_X86"),
        ("unistd_x32.h", "SCMP_ARCH_X32"),
    ],
)
def test_every_call_of_the_headers_is_known(header: str, arch: str) -> None:
    path = HEADERS / header
    if not path.exists():
        lacking(f"needs {path} (package linux-libc-dev)")
    line = re.compile(r"#define __NR_(\w+)\s+(\(__X32_SYSCALL_BIT \+ )?(\d+)")
    expected = {
        name: int(number) | (numbers.X32_BIT if x32 else 0)
        for name, x32, number in line.findall(path.read_text())
    }
    table = numbers.table(arch)
    assert len(expected) > 300
    assert {name: table.get(name) for name in expected} == expected


@pytest.mark.parametrize("arch", list(numbers.ARCHITECTURES))
def test_libseccomp_agrees(arch: str) -> None:
    table = numbers.table(arch)
    theirs = libseccomp.ask({arch: sorted(table)}, "numbers")[arch]
    different = {
        name: (number, theirs[name])
        for name, number in table.items()
        if theirs[name] != number
        and (number & ~numbers.X32_BIT) < FIRST_UNSETTLED
        # It answers with the multiplexer for calls that may go through one.
        and not (arch == "SCMP_ARCH_X86" and name in numbers.multiplexed())
        and not (arch == "SCMP_ARCH_ARM" and name == "memfd_secret")
    }
    assert different == {}


def test_numbers_are_unique_within_an_architecture() -> None:
    for arch in numbers.ARCHITECTURES:
        table = numbers.table(arch)
        assert len(set(table.values())) == len(table), arch


def test_multiplexer_positions() -> None:
    multiplexed = numbers.multiplexed()
    assert multiplexed["socket"] == ("socketcall", 1)
    assert multiplexed["sendmmsg"] == ("socketcall", 20)
    assert multiplexed["shmctl"] == ("ipc", 24)
    assert multiplexed["msgsnd"] == ("ipc", 11)
