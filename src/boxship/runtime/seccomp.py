"""Seccomp programs for containers, compiled once for each profile and capability set."""

import contextlib
import json
import os
from collections.abc import Iterator
from functools import lru_cache

from boxship.base.errors import InvalidParameter
from boxship.kernel import seccomp
from boxship.kernel.libc import MACHINE
from boxship.sandbox.messages import memory_file

_NATIVE = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}


def _kernel_version() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int("".join(c for c in minor if c.isdigit()) or 0)


@lru_cache(maxsize=64)
def program(profile_text: str | None, caps: tuple[str, ...]) -> bytes | None:
    """The program for the profile (None is Docker's default) of a container with *caps*.

    It comes with its flags, as :func:`boxship.kernel.seccomp.pack` puts them together.
    None when the profile filters nothing. :class:`InvalidParameter` for a malformed one.
    """
    if profile_text is None:
        profile = seccomp.docker_default()
    else:
        try:
            data = json.loads(profile_text)
        except (ValueError, RecursionError) as error:
            raise InvalidParameter(f"Decoding seccomp profile failed: {error}") from None
        if data is not None and not isinstance(data, dict):
            raise InvalidParameter("Decoding seccomp profile failed: it is no JSON object")
        parsed = seccomp.parse(data or {})
        if parsed is None:
            return None
        profile = parsed
    resolved = profile.resolve(caps, MACHINE, _NATIVE[MACHINE], _kernel_version())
    if resolved.notifies:
        raise InvalidParameter(
            "seccomp: SCMP_ACT_NOTIFY is not supported: no process listens for notifications"
        )
    compiled = seccomp.compile(resolved, MACHINE)
    forbids_birth = not seccomp.permits_birth(compiled, MACHINE)
    return seccomp.pack(compiled, seccomp.flag_bits(resolved.flags), forbids_birth)


@contextlib.contextmanager
def descriptors(filter_program: bytes | None) -> Iterator[list[int]]:
    """The program as a descriptor to be sent, or nothing."""
    if filter_program is None:
        yield []
        return
    fd = memory_file("seccomp", filter_program)
    try:
        yield [fd]
    finally:
        os.close(fd)
