"""Small ELF files with just what a dynamic loader looks at."""

import struct
from collections.abc import Sequence

X86_64, AARCH64 = 62, 183
_BASE = 0x400000


def elf(
    needed: Sequence[str] = (),
    *,
    interpreter: str = "",
    rpath: str = "",
    runpath: str = "",
    machine: int = X86_64,
    wide: bool = True,
    order: str = "<",
) -> bytes:
    """An executable or library: header, three segments, strings, dynamic section."""
    strings, tags = b"\0", []
    for tag, texts in ((1, needed), (15, [rpath]), (29, [runpath])):
        for text in filter(None, texts):
            tags.append((tag, len(strings)))
            strings += text.encode() + b"\0"
    head = 64 if wide else 52
    program = 56 if wide else 32
    interp = interpreter.encode() + b"\0"
    at_interp = head + 3 * program
    at_strings = at_interp + len(interp)
    at_dynamic = at_strings + len(strings)
    tags += [(5, _BASE + at_strings), (10, len(strings)), (0, 0)]
    dynamic = b"".join(struct.pack(order + ("qQ" if wide else "iI"), *tag) for tag in tags)
    total = at_dynamic + len(dynamic)
    rows = [(1, 0, total), (2, at_dynamic, len(dynamic))]
    rows.append((3, at_interp, len(interp)) if interpreter else (0, 0, 0))
    segments = b"".join(_segment(order, wide, *row) for row in rows)
    return _header(order, wide, machine, head, program) + segments + interp + strings + dynamic


def _header(order: str, wide: bool, machine: int, head: int, program: int) -> bytes:
    identity = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    layout = order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH")
    return identity + struct.pack(layout, 3, machine, 1, 0, head, 0, 0, head, program, 3, 0, 0, 0)


def _segment(order: str, wide: bool, kind: int, offset: int, size: int) -> bytes:
    address = _BASE + offset
    if wide:
        return struct.pack(order + "IIQQQQQQ", kind, 4, offset, address, address, size, size, 1)
    return struct.pack(order + "IIIIIIII", kind, offset, address, address, size, size, 4, 1)


def ld_cache(rows: list[tuple[str, str]]) -> bytes:
    """What ldconfig writes for (name, path) *rows*, without the old format in front."""
    strings, entries = b"", b""
    start = 48 + 24 * len(rows)
    for name, path in rows:
        places = []
        for text in (name, path):
            places.append(start + len(strings))
            strings += text.encode() + b"\0"
        entries += struct.pack("=iIIIQ", 0x0303, *places, 0, 0)
    head = b"glibc-ld.so.cache1.1" + struct.pack(
        "=IIBxxxIIII", len(rows), len(strings), 2, 0, 0, 0, 0
    )
    return head + entries + strings
