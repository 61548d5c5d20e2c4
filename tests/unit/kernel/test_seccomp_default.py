"""Docker's default profile: our table decides as its JSON does, for every call."""

import hashlib
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from boxship.kernel import caps, seccomp
from boxship.kernel.seccomp import actions, numbers
from support.bpf_machine import run

# The published profile is no part of this repository; what it decides is recorded as digests,
# and where the profile lies beside the checkout, our decisions are compared one by one.
PUBLISHED = Path(__file__).parents[4] / "shared/specs/docker-default-seccomp.json"
RECORDED = Path(__file__).with_name("docker_seccomp_decisions.json")
KERNEL = (6, 12)
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_GATING = (
    "DAC_READ_SEARCH SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_PACCT SYS_PTRACE SYS_RAWIO "
    "SYS_TIME SYS_TTY_CONFIG SYS_NICE SYSLOG BPF PERFMON"
)
SUB_ARCHITECTURES = {
    "SCMP_ARCH_X86_64": ("SCMP_ARCH_X86", "SCMP_ARCH_X32"),
    "SCMP_ARCH_AARCH64": ("SCMP_ARCH_ARM",),
}
GATING = ["CAP_" + name for name in _GATING.split()]
DOCKER = list(caps.DOCKER_DEFAULT)
CAP_SETS = {
    "none": [],
    "docker": DOCKER,
    "all": list(caps.NAMES),
    **{name: [*DOCKER, name] for name in GATING},
    **{"all but " + name: [n for n in caps.NAMES if n != name] for name in GATING},
}
INTERESTING = {
    "socket": [(n,) for n in (0, 1, 2, 16, 37, 38, 39, 40, 41, 45, 1 << 32, (1 << 32) + 38)],
    "personality": [
        (n,) for n in (0, 1, 8, 9, 0x20000, 0x20008, 0x20009, 0xFFFFFFFF, (1 << 64) - 1, 1 << 32, 4)
    ],
    "clone": [
        (flags, 0x7F0000000000)
        for flags in (0, 17, 0x3D0F00, *(1 << n for n in range(36)), 0x7E020000, (1 << 40) | 17)
    ],
    "clone3": [(0, 0), (0x10000, 88)],
}


def applies(rule: dict[str, Any], held: list[str], machine: str) -> bool:
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    if includes.get("arches") and machine not in includes["arches"]:
        return False
    if any(cap not in held for cap in includes.get("caps") or ()):
        return False
    if machine in (excludes.get("arches") or ()):
        return False
    return not any(cap in held for cap in excludes.get("caps") or ())


def holds(arg: dict[str, Any], args: tuple[int, ...], bits: int) -> bool:
    mask = (1 << bits) - 1
    value, actual = arg["value"] & mask, args[arg["index"]] & mask
    return {
        "SCMP_CMP_EQ": actual == value,
        "SCMP_CMP_LT": actual < value,
        "SCMP_CMP_GT": actual > value,
        "SCMP_CMP_MASKED_EQ": actual & value == arg.get("valueTwo", 0) & value,
    }[arg["op"]]


def naive(
    rules: list[dict[str, Any]], name: str | None, args: tuple[int, ...], above: bool, bits: int
) -> int:
    if above:
        return actions.ENOSYS
    for rule in rules:
        if name in rule["names"] and all(holds(a, args, bits) for a in rule.get("args", [])):
            return actions.value(rule["action"], rule.get("errnoRet"))
    return actions.value("SCMP_ACT_ERRNO", 1)


def calls(arch: str) -> Iterator[tuple[int, str | None]]:
    by_number = {number: name for name, number in numbers.table(arch).items()}
    base = numbers.X32_BIT if arch == "SCMP_ARCH_X32" else 0
    for number in {*range(base, base + 600), *by_number}:
        yield number, by_number.get(number)


def situations(machine: str) -> Iterator[tuple[str, int, str | None, tuple[int, ...]]]:
    """Every call that is tried: its ABI, number, name, arguments."""
    native = numbers.NATIVE[machine]
    for arch in (native, *SUB_ARCHITECTURES[native]):
        for number, name in calls(arch):
            for args in INTERESTING.get(name or "", [(0, 0)]):
                yield arch, number, name, (*args, 0, 0, 0, 0, 0)[:6]


def decisions(held: list[str], machine: str) -> list[int]:
    native = numbers.NATIVE[machine]
    resolved = seccomp.docker_default().resolve(held, machine, native, KERNEL)
    program = seccomp.compile(resolved, machine)
    return [
        run(program, number, numbers.ARCHITECTURES[arch].audit, args)
        for arch, number, _, args in situations(machine)
    ]


def published_decisions(held: list[str], machine: str) -> list[int]:
    published = json.loads(PUBLISHED.read_text())
    native = numbers.NATIVE[machine]
    mapped = {e["architecture"]: e["subArchitectures"] for e in published["archMap"]}
    assert tuple(mapped[native]) == SUB_ARCHITECTURES[native]
    rules = [r for r in published["syscalls"] if applies(r, held, MACHINES[machine])]
    named = [name for rule in rules for name in rule["names"]]
    last = {
        arch: max(table[name] for name in named if name in table)
        for arch in numbers.ARCHITECTURES
        for table in [numbers.table(arch)]
    }
    return [
        naive(rules, name, args, number > last[arch], numbers.ARCHITECTURES[arch].bits)
        for arch, number, name, args in situations(machine)
    ]


def digest(answers: list[int]) -> str:
    return hashlib.sha256(struct.pack(f"<{len(answers)}I", *answers)).hexdigest()[:32]


@pytest.mark.parametrize("machine", list(MACHINES))
@pytest.mark.parametrize("label", list(CAP_SETS))
def test_decides_as_published(label: str, machine: str) -> None:
    held = CAP_SETS[label]
    ours = decisions(held, machine)
    if PUBLISHED.exists():
        expected = published_decisions(held, machine)
        tried = situations(machine)
        wrong = [s for s, a, b in zip(tried, ours, expected, strict=True) if a != b]
        assert wrong == []
    assert digest(ours) == json.loads(RECORDED.read_text())[f"{machine} {label}"]


def test_foreign_architectures_are_killed() -> None:
    program = seccomp.compile(
        seccomp.docker_default().resolve(DOCKER, "x86_64", "SCMP_ARCH_X86_64", KERNEL)
    )
    assert run(program, 0, 0xC00000B7) == actions.KILL_THREAD


def test_old_kernels_may_not_trace() -> None:
    ptrace = numbers.table("SCMP_ARCH_X86_64")["ptrace"]
    for kernel, expected in (((4, 7), actions.ERRNO | 1), ((4, 8), actions.ALLOW)):
        resolved = seccomp.docker_default().resolve([], "x86_64", "SCMP_ARCH_X86_64", kernel)
        assert run(seccomp.compile(resolved), ptrace, 0xC000003E) == expected
