"""Capabilities: names, the five sets of a process, and Docker's rules for choosing them."""

import ctypes
from collections.abc import Collection, Iterable, Sequence

from boxship.base.errors import InvalidParameter
from boxship.kernel import libc

# In the order of their numbers (capabilities(7), linux/capability.h).
_ORDERED = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO "
    "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
    "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
    "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)
_DOCKER = (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP "
    "NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE"
)
NAMES: tuple[str, ...] = tuple("CAP_" + name for name in _ORDERED.split())
NUMBERS: dict[str, int] = {name: number for number, name in enumerate(NAMES)}

DOCKER_DEFAULT: tuple[str, ...] = tuple("CAP_" + name for name in _DOCKER.split())

_PR_CAPBSET_READ, _PR_CAPBSET_DROP, _PR_SET_KEEPCAPS, _PR_CAP_AMBIENT = 23, 24, 8, 47
_AMBIENT_RAISE, _AMBIENT_CLEAR_ALL = 2, 4
_VERSION_3 = 0x20080522
_ALL = "ALL"

_prctl = libc.function("prctl", ctypes.c_int, *[ctypes.c_ulong] * 4)


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Data(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


def mask(names: Iterable[str]) -> int:
    """The bit set of *names* (full names, ``CAP_CHOWN``); an unknown one is InvalidParameter."""
    bits = 0
    for name in names:
        if name not in NUMBERS:
            raise InvalidParameter(f'unknown capability: "{name}"')
        bits |= 1 << NUMBERS[name]
    return bits


def names(bits: int) -> list[str]:
    return [name for number, name in enumerate(NAMES) if bits >> number & 1]


def available() -> list[str]:
    """The capabilities that this process could give away: those in its bounding set."""
    return [NAMES[number] for number in range(len(NAMES)) if _bounding_has(number)]


def _bounding_has(number: int) -> bool:
    try:
        return libc.call("prctl", _PR_CAPBSET_READ, ctypes.c_ulong(number), 0, 0, 0) == 1
    except OSError:  # EINVAL: newer than the kernel
        return False


def get(pid: int = 0) -> tuple[int, int, int]:
    """capget(2): the (effective, permitted, inheritable) bit sets of *pid*, 0 meaning ourselves."""
    data = (_Data * 2)()
    libc.call("capget", ctypes.byref(_Header(_VERSION_3, pid)), data)
    low, high = data[0], data[1]
    return (
        low.effective | high.effective << 32,
        low.permitted | high.permitted << 32,
        low.inheritable | high.inheritable << 32,
    )


def put(effective: int, permitted: int, inheritable: int) -> None:
    """capset(2) on the calling thread."""
    halves = [
        _Data(*(bits >> shift & 0xFFFFFFFF for bits in (effective, permitted, inheritable)))
        for shift in (0, 32)
    ]
    libc.call("capset", ctypes.byref(_Header(_VERSION_3, 0)), (_Data * 2)(*halves))


def keep_on_setuid() -> None:
    """Keep the permitted set when every uid becomes non-zero (cleared again by execve)."""
    libc.call("prctl", _PR_SET_KEEPCAPS, ctypes.c_ulong(1), 0, 0, 0)


def drop_bounding(keep: int) -> None:
    """Remove all but *keep* from the bounding set; needs CAP_SETPCAP to remove any."""
    for number in range(64):
        if keep >> number & 1 or not _prctl(_PR_CAPBSET_DROP, number, 0, 0, 0):
            continue
        error = libc.fail()
        present = _prctl(_PR_CAPBSET_READ, number, 0, 0, 0)
        if present < 0:  # past the kernel's last one
            return
        if present:
            raise error


def set_ambient(bits: int) -> None:
    """Make *bits* the ambient set; each must already be permitted and inheritable."""
    libc.call("prctl", _PR_CAP_AMBIENT, ctypes.c_ulong(_AMBIENT_CLEAR_ALL), 0, 0, 0)
    for number in range(len(NAMES)):
        if bits >> number & 1:
            raised = (ctypes.c_ulong(_AMBIENT_RAISE), ctypes.c_ulong(number))
            libc.call("prctl", _PR_CAP_AMBIENT, *raised, 0, 0)


def apply(
    bounding: Collection[str],
    effective: Collection[str],
    permitted: Collection[str],
    inheritable: Collection[str],
    ambient: Collection[str],
) -> None:
    """Set the five sets, after the uid was changed under :func:`keep_on_setuid`.

    Capabilities that this process does not hold itself are left out, as a container can never be
    given more than its engine has. The order matters: the bounding set falls while SETPCAP is
    still effective, the ambient set rises last because it is checked against the other two.
    """
    _, held, _ = get()
    put(held, held, held)
    drop_bounding(mask(bounding))
    put(mask(effective) & held, mask(permitted) & held, mask(inheritable) & held)
    set_ambient(mask(ambient) & mask(permitted) & mask(inheritable) & held)


def normalize(given: Sequence[str], supported: Collection[str]) -> list[str]:
    """Full upper-case names of what a user wrote; ``ALL`` stays. dockerd's texts on bad ones."""
    result = []
    for item in given:
        name = item.upper()
        if name != _ALL:
            name = name if name.startswith("CAP_") else "CAP_" + name
            if name not in NUMBERS:
                raise InvalidParameter(f'unknown capability: "{name}"')
            if name not in supported:
                raise InvalidParameter(
                    "capability not supported by your kernel or not available in the current "
                    f'environment: "{name}"'
                )
        result.append(name)
    return result


def select(
    add: Sequence[str],
    drop: Sequence[str],
    privileged: bool = False,
    supported: Sequence[str] | None = None,
) -> list[str]:
    """The capabilities of a container by Docker's rules; *supported* defaults to our own.

    Raises InvalidParameter with dockerd's ``invalid CapAdd: ...`` or ``invalid CapDrop: ...``.
    """
    known = list(available() if supported is None else supported)
    adds = _normalize_field("CapAdd", add, known)
    drops = _normalize_field("CapDrop", drop, known)
    if privileged:
        return known
    if _ALL in adds:
        return [name for name in known if name not in drops]
    if _ALL in drops:
        return _unique(adds)
    return _unique([*(name for name in DOCKER_DEFAULT if name not in drops), *adds])


def _normalize_field(field: str, given: Sequence[str], supported: Collection[str]) -> list[str]:
    try:
        return normalize(given, supported)
    except InvalidParameter as error:
        raise InvalidParameter(f"invalid {field}: {error}") from None


def _unique(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))
