"""seccomp(2): put a compiled program on the calling thread."""

import ctypes
from collections.abc import Iterable

from boxship.base.errors import InvalidParameter
from boxship.kernel import libc

FLAG_TSYNC, FLAG_LOG, FLAG_SPEC_ALLOW = 1, 2, 4
_SET_MODE_FILTER = 1
_FLAGS = {
    "SECCOMP_FILTER_FLAG_TSYNC": FLAG_TSYNC,
    "SECCOMP_FILTER_FLAG_LOG": FLAG_LOG,
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW": FLAG_SPEC_ALLOW,
}
_INSTRUCTION_SIZE = 8
# Above every flag of seccomp(2).
_FORBIDS_BIRTH = 1 << 63


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def flag_bits(names: Iterable[str] | None) -> int:
    """The OCI ``flags`` as bits; without any, SPEC_ALLOW as runc does."""
    if names is None:
        return FLAG_SPEC_ALLOW
    bits = 0
    for name in names:
        if name not in _FLAGS:
            raise InvalidParameter(f"seccomp flag {name} is not known")
        bits |= _FLAGS[name]
    return bits


def pack(program: bytes, flags: int, forbids_birth: bool = False) -> bytes:
    """Put the program, its flags and whether it forbids a fork in one piece for :func:`unpack`."""
    header = flags | (_FORBIDS_BIRTH if forbids_birth else 0)
    return header.to_bytes(_INSTRUCTION_SIZE, "little") + program


def unpack(packed: bytes) -> tuple[bytes, int]:
    """Return the program and the flags that :func:`pack` was given."""
    return packed[_INSTRUCTION_SIZE:], _header(packed) & ~_FORBIDS_BIRTH


def forbids_birth(packed: bytes) -> bool:
    """Return whether a process under the packed program cannot fork, see ``sandbox/birth.py``."""
    return bool(_header(packed) & _FORBIDS_BIRTH)


def _header(packed: bytes) -> int:
    return int.from_bytes(packed[:_INSTRUCTION_SIZE], "little")


def install(program: bytes, flags: int = FLAG_SPEC_ALLOW) -> None:
    """Filter this thread and its descendants from now on; the calls needed next must be allowed.

    The caller has CAP_SYS_ADMIN or no_new_privs.
    """
    header = _Program(len(program) // _INSTRUCTION_SIZE, program)
    libc.syscall(libc.NUMBERS["seccomp"], _SET_MODE_FILTER, flags, ctypes.byref(header))
