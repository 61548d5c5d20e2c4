"""A classic-BPF interpreter for seccomp programs, strict like the kernel's checker."""

import struct
from functools import cache

DATA = struct.Struct("<iIQ6Q")


@cache
def decode(program: bytes) -> list[tuple[int, int, int, int]]:
    assert program and len(program) % 8 == 0
    return list(struct.iter_unpack("=HBBI", program))


def pack(number: int, audit: int, args: tuple[int, ...] = ()) -> bytes:
    padded = (*args, 0, 0, 0, 0, 0, 0)[:6]
    signed = number - (1 << 32) if number >= 1 << 31 else number
    return DATA.pack(signed, audit, 0, *padded)


def run(program: bytes, number: int, audit: int, args: tuple[int, ...] = ()) -> int:
    code, data = decode(program), pack(number, audit, args)
    position, a = 0, 0
    while True:
        op, yes, no, k = code[position]
        position += 1
        if op == 0x20:
            assert k % 4 == 0 and k < len(data)
            a = struct.unpack_from("<I", data, k)[0]
        elif op == 0x06:
            return k
        elif op == 0x54:
            a &= k
        elif op == 0x05:
            position += k
        else:
            taken = {0x15: a == k, 0x25: a > k, 0x35: a >= k, 0x45: bool(a & k)}[op]
            position += yes if taken else no
