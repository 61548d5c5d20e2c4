"""Resource limits: Docker's and the OCI runtime-spec's names for setrlimit(2)."""

import errno
import os
import resource
from collections.abc import Mapping, Sequence
from typing import Any

from boxship.base.errors import InvalidParameter

# Docker's ulimit names and their numbers on x86 and arm (asm-generic/resource.h).
NUMBERS: dict[str, int] = {
    "cpu": 0,
    "fsize": 1,
    "data": 2,
    "stack": 3,
    "core": 4,
    "rss": 5,
    "nproc": 6,
    "nofile": 7,
    "memlock": 8,
    "as": 9,
    "locks": 10,
    "sigpending": 11,
    "msgqueue": 12,
    "nice": 13,
    "rtprio": 14,
    "rttime": 15,
}
_UNLIMITED = (-1, 2**64 - 1, 2**63 - 1)


def spec_name(docker_name: str) -> str:
    """``nofile`` -> ``RLIMIT_NOFILE``, with dockerd's text on a wrong one."""
    if docker_name not in NUMBERS:
        raise InvalidParameter(f"invalid ulimit type: {docker_name}")
    return "RLIMIT_" + docker_name.upper()


def number(spec_type: str) -> int:
    """``RLIMIT_NOFILE`` -> 7."""
    name = spec_type.removeprefix("RLIMIT_").lower()
    if name not in NUMBERS:
        raise InvalidParameter(f"invalid rlimit type: {spec_type}")
    return NUMBERS[name]


def apply(limits: Sequence[Mapping[str, Any]]) -> None:
    """Set the OCI ``process.rlimits`` on this process (inherited through fork and exec).

    PermissionError, with the number of the limit, for one that we have no right to raise.
    """
    for limit in limits:
        which = number(limit["type"])
        try:
            resource.setrlimit(which, (_value(limit["soft"]), _value(limit["hard"])))
        except ValueError:
            reason = os.strerror(errno.EPERM)
            raise PermissionError(errno.EPERM, reason, f"rlimit type {which}") from None


def allow(limits: Sequence[Mapping[str, Any]]) -> None:
    """Raise hard limits as far as :func:`apply` will want them, while we have the right to."""
    for limit in limits:
        which, wanted = number(limit["type"]), _value(limit["hard"])
        soft, hard = resource.getrlimit(which)
        if hard != resource.RLIM_INFINITY and (wanted > hard or wanted == resource.RLIM_INFINITY):
            resource.setrlimit(which, (soft, wanted))


def _value(given: int) -> int:
    return resource.RLIM_INFINITY if given in _UNLIMITED else given
