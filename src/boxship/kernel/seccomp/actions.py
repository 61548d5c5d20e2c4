"""What a filter answers: the names of OCI profiles and the kernel's return values (seccomp(2))."""

import errno

from boxship.base.errors import InvalidParameter

KILL_PROCESS = 0x80000000
KILL_THREAD = 0x00000000
TRAP = 0x00030000
ERRNO = 0x00050000
NOTIFY = 0x7FC00000
TRACE = 0x7FF00000
LOG = 0x7FFC0000
ALLOW = 0x7FFF0000

ENOSYS = ERRNO | errno.ENOSYS
_NAMES: dict[str, int] = {
    "SCMP_ACT_KILL": KILL_THREAD,
    "SCMP_ACT_KILL_THREAD": KILL_THREAD,
    "SCMP_ACT_KILL_PROCESS": KILL_PROCESS,
    "SCMP_ACT_TRAP": TRAP,
    "SCMP_ACT_ERRNO": ERRNO,
    "SCMP_ACT_NOTIFY": NOTIFY,
    "SCMP_ACT_TRACE": TRACE,
    "SCMP_ACT_LOG": LOG,
    "SCMP_ACT_ALLOW": ALLOW,
}
_WITH_DATA = (ERRNO, TRACE)
_ACTION_MASK = 0xFFFF0000


def value(name: str, data: int | None = None) -> int:
    """The return value of action *name*; *data* is its errno or tracer message (default EPERM)."""
    if name not in _NAMES:
        raise InvalidParameter(f"seccomp: unknown action {name!r}")
    action = _NAMES[name]
    if action not in _WITH_DATA:
        return action
    return action | ((errno.EPERM if data is None else data) & 0xFFFF)


def describe(action: int) -> tuple[str, int | None]:
    """The inverse of :func:`value`: name and data (None for actions that carry none)."""
    kind = action & _ACTION_MASK
    name = next(name for name, number in _NAMES.items() if number == kind)
    return name, action & 0xFFFF if kind in _WITH_DATA else None


def lets_run(action: int) -> bool:
    """True when the call may go on to the kernel."""
    return action & _ACTION_MASK in (ALLOW, LOG, TRACE)
