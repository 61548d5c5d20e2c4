"""What a compiled filter answers, without the kernel: is a call permitted?"""

import struct
import termios

from boxship.kernel.seccomp import actions
from boxship.kernel.seccomp.assembler import ALU_AND_K, JA, JEQ, JGE, JGT, LD_W_ABS, RET_K
from boxship.kernel.seccomp.numbers import ARCHITECTURES, NATIVE, table

_INSTRUCTION = struct.Struct("=HBBI")
# struct seccomp_data: nr, arch, instruction_pointer, args[6] (seccomp(2)).
_DATA = struct.Struct("=IIQ6Q")
_CLONE_VFORK_AND_SIGCHLD = 0x4000 | 17
#: What a process does between its birth by ``sandbox/birth.py`` and execve(2), with arguments.
_AT_BIRTH: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("clone", (_CLONE_VFORK_AND_SIGCHLD,)),
    ("write", ()),
    ("close", ()),
    ("setsid", ()),
    ("ioctl", (0, termios.TIOCSCTTY)),
)


def evaluate(program: bytes, number: int, audit: int, args: tuple[int, ...] = ()) -> int:
    """Return the action of *program* for the call *number* of the architecture *audit*."""
    code = [*_INSTRUCTION.iter_unpack(program)]
    data = _DATA.pack(number, audit, 0, *(*args, 0, 0, 0, 0, 0, 0)[:6])
    position = accumulator = 0
    while True:
        operation, yes, no, k = code[position]
        position += 1
        if operation == RET_K:
            return int(k)
        if operation == LD_W_ABS:
            accumulator = int.from_bytes(data[k : k + 4], "little")
        elif operation == ALU_AND_K:
            accumulator &= k
        elif operation == JA:
            position += k
        else:
            position += yes if _holds(operation, accumulator, k) else no


def _holds(operation: int, accumulator: int, k: int) -> bool:
    if operation == JEQ:
        return accumulator == k
    if operation == JGT:
        return accumulator > k
    if operation == JGE:
        return accumulator >= k
    raise ValueError(f"instruction {operation:#x} is not one of the assembler's")


def permits_birth(program: bytes, machine: str) -> bool:
    """Return whether a process under *program* can fork one that starts a session of its own."""
    name = NATIVE[machine]
    audit, numbers = ARCHITECTURES[name].audit, table(name)
    return all(
        actions.lets_run(evaluate(program, numbers[call], audit, args)) for call, args in _AT_BIRTH
    )
