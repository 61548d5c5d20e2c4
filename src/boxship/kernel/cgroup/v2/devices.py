"""Device access under cgroup v2: a BPF program of the cgroup answers for each open and mknod."""

import os
import struct
from collections.abc import Iterable

from boxship.kernel import ebpf
from boxship.kernel.cgroup.devices import Device, DeviceRule, Policy, fold

_INSTRUCTION = struct.Struct("=BBhi")
_LDX_W, _MOV32_REG, _MOV64_IMM = 0x61, 0xBC, 0xB7
_AND32_IMM, _RSH32_IMM, _JEQ_IMM, _JNE_IMM, _EXIT = 0x54, 0x74, 0x15, 0x55, 0x95
# Register use: the context, then its fields, then scratch.
_ANSWER, _CONTEXT, _TYPE, _ACCESS, _MAJOR, _MINOR, _SCRATCH = range(7)
_TYPE_BITS = 0xFFFF
_ACCESS_SHIFT = 16
# linux/bpf.h: BPF_DEVCG_DEV_*, BPF_DEVCG_ACC_*.
_KINDS = {"b": 1, "c": 2}
_ACCESSES = {"m": 1, "r": 2, "w": 4}
_EVERY_ACCESS = 7


def apply(directory: str, rules: Iterable[DeviceRule]) -> None:
    """Put the program for *rules* on the group, in place of the one that is there."""
    group = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        program = ebpf.load_device_program(assemble(fold(rules)))
        try:
            _attach(group, program)
        finally:
            os.close(program)
    finally:
        os.close(group)


def _attach(group: int, program: int) -> None:
    """All programs of a group must agree: one left over would go on refusing."""
    old = [ebpf.program_by_id(number) for number in ebpf.attached_device_programs(group)]
    try:
        ebpf.attach_device_program(group, program, old[0] if old else None)
        for surplus in old[1:]:
            ebpf.detach_device_program(group, surplus)
    finally:
        for fd in old:
            os.close(fd)


def assemble(policy: Policy) -> bytes:
    """The instructions: one block an exception, then the answer for everything else."""
    code = [
        _line(_LDX_W, _TYPE, _CONTEXT, 0, 0),
        _line(_MOV32_REG, _ACCESS, _TYPE, 0, 0),
        _line(_RSH32_IMM, _ACCESS, 0, 0, _ACCESS_SHIFT),
        _line(_AND32_IMM, _TYPE, 0, 0, _TYPE_BITS),
        _line(_LDX_W, _MAJOR, _CONTEXT, 4, 0),
        _line(_LDX_W, _MINOR, _CONTEXT, 8, 0),
    ]
    for device, access in policy.exceptions.items():
        code += _exception(policy.allow, device, access)
    return b"".join([*code, *_answer(policy.allow)])


def _line(code: int, target: int, source: int, offset: int, immediate: int) -> bytes:
    return _INSTRUCTION.pack(code, target | source << 4, offset, immediate)


def _answer(allow: bool) -> list[bytes]:
    return [_line(_MOV64_IMM, _ANSWER, 0, 0, int(allow)), _line(_EXIT, 0, 0, 0, 0)]


def _exception(default: bool, device: Device, access: str) -> list[bytes]:
    """Answer the opposite of *default* for *device*; a mismatch jumps past the block.

    An allowing exception must cover all that is wanted, a denying one any of it.
    """
    kind, major, minor = device
    bits = sum(_ACCESSES[letter] for letter in access)
    block = _answer(not default)
    tests: list[tuple[int, int, int]] = []
    if minor is not None:
        tests.append((_JNE_IMM, _MINOR, minor))
    if major is not None:
        tests.append((_JNE_IMM, _MAJOR, major))
    tests.append((_JNE_IMM, _TYPE, _KINDS[kind]))
    for code, register, value in tests:
        block.insert(0, _line(code, register, 0, len(block), value))
    if bits != _EVERY_ACCESS or default:
        code, mask = (_JEQ_IMM, bits) if default else (_JNE_IMM, _EVERY_ACCESS & ~bits)
        block = [
            _line(_MOV32_REG, _SCRATCH, _ACCESS, 0, 0),
            _line(_AND32_IMM, _SCRATCH, 0, 0, mask),
            _line(code, _SCRATCH, 0, len(block), 0),
            *block,
        ]
    return block
