"""bpf(2): loading programs and attaching them to cgroups."""

import ctypes
import os
import struct

from boxship.kernel import libc

_PROG_LOAD, _PROG_ATTACH, _PROG_DETACH, _PROG_GET_FD_BY_ID, _PROG_QUERY = 5, 8, 9, 13, 16
_TYPE_CGROUP_DEVICE = 15
_ATTACH_CGROUP_DEVICE = 6
_F_ALLOW_MULTI, _F_REPLACE = 2, 4
_MAX_ATTACHED = 64
_LICENSE = b"Apache-2.0"
_INSTRUCTION_SIZE = 8


def _bpf(command: int, attributes: bytes) -> tuple[int, bytes]:
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    result = libc.syscall(libc.NUMBERS["bpf"], command, buffer, len(attributes))
    return result, buffer.raw


def load_device_program(instructions: bytes) -> int:
    """A loaded BPF_PROG_TYPE_CGROUP_DEVICE program; the caller closes the descriptor."""
    code = ctypes.create_string_buffer(instructions, len(instructions))
    license_ = ctypes.create_string_buffer(_LICENSE)
    attributes = struct.pack(
        "=IIQQIIQII",
        _TYPE_CGROUP_DEVICE,
        len(instructions) // _INSTRUCTION_SIZE,
        ctypes.addressof(code),
        ctypes.addressof(license_),
        *(0, 0, 0, 0, 0),
    )
    fd, _ = _bpf(_PROG_LOAD, attributes)
    os.set_inheritable(fd, False)
    return fd


def attach_device_program(group: int, program: int, replace: int | None = None) -> None:
    """Attach *program* to the cgroup directory *group*; *replace* is swapped out atomically."""
    flags = _F_ALLOW_MULTI | (_F_REPLACE if replace is not None else 0)
    given = (group, program, _ATTACH_CGROUP_DEVICE, flags, replace or 0)
    _bpf(_PROG_ATTACH, struct.pack("=5I", *given))


def detach_device_program(group: int, program: int) -> None:
    _bpf(_PROG_DETACH, struct.pack("=5I", group, program, _ATTACH_CGROUP_DEVICE, 0, 0))


def attached_device_programs(group: int) -> list[int]:
    """The ids of the device programs of this very cgroup."""
    ids = (ctypes.c_uint32 * _MAX_ATTACHED)()
    header = (group, _ATTACH_CGROUP_DEVICE, 0, 0, ctypes.addressof(ids), _MAX_ATTACHED, 0)
    _, answer = _bpf(_PROG_QUERY, struct.pack("=IIIIQII", *header))
    return list(ids[: struct.unpack_from("=I", answer, 24)[0]])


def program_by_id(number: int) -> int:
    """A descriptor of the loaded program *number*; the caller closes it."""
    fd, _ = _bpf(_PROG_GET_FD_BY_ID, struct.pack("=III", number, 0, 0))
    os.set_inheritable(fd, False)
    return fd
