"""What a compiled filter answers, as :mod:`boxship.kernel.seccomp.evaluate` foresees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.kernel import caps, seccomp, seccomp_install
from boxship.kernel.seccomp import evaluate, numbers
from support import bpf_machine

MACHINES = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}
KERNEL = (6, 12)
WORD = st.integers(0, (1 << 64) - 1)


def docker_default(machine: str, names: tuple[str, ...] = caps.DOCKER_DEFAULT) -> bytes:
    profile = seccomp.docker_default()
    return seccomp.compile(profile.resolve(names, machine, MACHINES[machine], KERNEL), machine)


def forbidding(*calls: str, machine: str = "x86_64") -> bytes:
    profile = seccomp.parse(
        {
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": [*calls], "action": "SCMP_ACT_ERRNO"}],
        }
    )
    assert profile is not None
    return seccomp.compile(profile.resolve((), machine, MACHINES[machine], KERNEL), machine)


@given(
    number=st.integers(0, 500) | st.integers(0, (1 << 32) - 1),
    args=st.lists(WORD, max_size=6).map(tuple),
    audit=st.sampled_from([each.audit for each in numbers.ARCHITECTURES.values()]),
)
def test_evaluate_answers_as_the_interpreter_of_the_kernel_does(
    number: int, args: tuple[int, ...], audit: int
) -> None:
    program = docker_default("x86_64")
    found = evaluate.evaluate(program, number, audit, args)
    assert found == bpf_machine.run(program, number, audit, args)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("names", [(), caps.DOCKER_DEFAULT, caps.NAMES])
def test_dockers_profile_permits_a_birth(machine: str, names: tuple[str, ...]) -> None:
    assert seccomp.permits_birth(docker_default(machine, names), machine)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("call", ["clone", "write", "close", "setsid", "ioctl"])
def test_a_profile_without_a_call_of_a_birth_forbids_the_birth(machine: str, call: str) -> None:
    assert not seccomp.permits_birth(forbidding(call, machine=machine), machine)
    assert seccomp.permits_birth(forbidding("mount", "clone3", machine=machine), machine)


def test_an_instruction_of_another_assembler_is_refused() -> None:
    with pytest.raises(ValueError, match="0x45"):
        evaluate.evaluate(b"\x45\x00\x00\x00\x00\x00\x00\x00", 0, 0)


@given(st.integers(0, 7), st.booleans())
def test_a_packed_filter_keeps_its_flags(flags: int, forbids: bool) -> None:
    packed = seccomp.pack(b"8 bytes.", flags, forbids)
    assert seccomp.unpack(packed) == (b"8 bytes.", flags)
    assert seccomp_install.forbids_birth(packed) is forbids
