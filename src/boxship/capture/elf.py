"""What a dynamic loader reads in an ELF file (System V ABI, generic: chapters 4 and 5).

Only headers and the dynamic section are looked at; malformed files are not ELF files to us.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MAGIC = b"\x7fELF"
_CLASS_32, _CLASS_64 = 1, 2
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NULL, _DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_RPATH, _DT_RUNPATH = 0, 1, 5, 10, 15, 29
_MAX_SEGMENTS, _MAX_SECTION, _MAX_STRINGS = 4096, 1 << 20, 16 << 20

# e_machine -> (architecture and variant as images name them, the directory that Debian uses)
MACHINES = {
    3: ("386", "", "i386-linux-gnu"),
    21: ("ppc64le", "", "powerpc64le-linux-gnu"),
    22: ("s390x", "", "s390x-linux-gnu"),
    40: ("arm", "v7", "arm-linux-gnueabihf"),
    62: ("amd64", "", "x86_64-linux-gnu"),
    183: ("arm64", "", "aarch64-linux-gnu"),
    243: ("riscv64", "", "riscv64-linux-gnu"),
}


@dataclass(frozen=True, slots=True)
class Elf:
    """``kind`` is (class, machine): only objects of one kind can be loaded together.

    ``rpath`` and ``runpath`` are as they stand in the file, ``$ORIGIN`` and the like unexpanded.
    """

    kind: tuple[int, int]
    interpreter: str = ""
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


class _Malformed(Exception):
    pass


def read(file: BinaryIO) -> Elf | None:
    """The ELF file that *file* (seekable) holds; None when it holds something else."""
    head = file.read(64)
    if len(head) < 52 or not head.startswith(_MAGIC) or head[4] not in (_CLASS_32, _CLASS_64):
        return None
    try:
        return _read(file, head)
    except (_Malformed, struct.error, OverflowError):
        return None


def _read(file: BinaryIO, head: bytes) -> Elf:
    wide, order = head[4] == _CLASS_64, "<" if head[5] == 1 else ">"
    (machine,) = struct.unpack_from(order + "H", head, 18)
    segments = list(_segments(file, head, wide, order))
    interpreter, dynamic = "", []
    for segment in segments:
        if segment.kind == _PT_INTERP:
            interpreter = _text(_at(file, segment.offset, segment.size, 4096), 0)
        elif segment.kind == _PT_DYNAMIC:
            data = _at(file, segment.offset, segment.size, _MAX_SECTION)
            dynamic = list(_dynamic(data, wide, order))
    strings = _strings(file, dict(dynamic), segments)
    return Elf(
        (head[4], machine),
        interpreter,
        tuple(_text(strings, value) for tag, value in dynamic if tag == _DT_NEEDED),
        _search_path(strings, dynamic, _DT_RPATH),
        _search_path(strings, dynamic, _DT_RUNPATH),
    )


def _segments(file: BinaryIO, head: bytes, wide: bool, order: str) -> Iterator[_Segment]:
    if wide:
        (table,) = struct.unpack_from(order + "Q", head, 32)
        size, count = struct.unpack_from(order + "HH", head, 54)
        layout = struct.Struct(order + "IIQQQQ")
    else:
        (table,) = struct.unpack_from(order + "I", head, 28)
        size, count = struct.unpack_from(order + "HH", head, 42)
        layout = struct.Struct(order + "IIIII")
    if count > _MAX_SEGMENTS or size < layout.size:
        raise _Malformed
    data = _at(file, table, size * count, size * count)
    for index in range(count):
        fields = layout.unpack_from(data, index * size)
        if wide:
            kind, _, offset, address, _, length = fields
        else:
            kind, offset, address, _, length = fields
        yield _Segment(kind, offset, address, length)


def _dynamic(data: bytes, wide: bool, order: str) -> Iterator[tuple[int, int]]:
    for tag, value in struct.iter_unpack(order + ("qQ" if wide else "iI"), data):
        if tag == _DT_NULL:
            return
        yield tag, value


def _strings(file: BinaryIO, values: dict[int, int], segments: list[_Segment]) -> bytes:
    """The dynamic string table, whose address is one in memory."""
    address, size = values.get(_DT_STRTAB), values.get(_DT_STRSZ, 0)
    if address is None:
        return b""
    for segment in segments:
        inside = address - segment.address
        if segment.kind == _PT_LOAD and 0 <= inside < segment.size:
            return _at(file, segment.offset + inside, size, _MAX_STRINGS)
    raise _Malformed


def _search_path(strings: bytes, dynamic: list[tuple[int, int]], tag: int) -> tuple[str, ...]:
    return tuple(
        part
        for found, value in dynamic
        if found == tag
        for part in _text(strings, value).split(":")
        if part
    )


def _at(file: BinaryIO, offset: int, size: int, limit: int) -> bytes:
    if size > limit:
        raise _Malformed
    file.seek(offset)
    data = file.read(size)
    if len(data) != size:
        raise _Malformed
    return data


def _text(strings: bytes, at: int) -> str:
    end = strings.find(b"\0", at)
    if at >= len(strings) or end < 0:
        raise _Malformed
    return strings[at:end].decode(errors="surrogateescape")
