"""Capability names as clients write them (capabilities(7))."""

from collections.abc import Iterable

from boxship.base.errors import InvalidParameter

_NAMES = """
    AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE
    DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN
    MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID
    SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE
    SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM
"""
CAPABILITIES = frozenset(f"CAP_{name}" for name in _NAMES.split())


def normalize_capabilities(field: str, names: Iterable[str] | None) -> set[str]:
    """*names* as ``CAP_…`` in capitals, ``ALL`` kept as itself.

    *field* (``CapAdd`` or ``CapDrop``) names the culprit in the :class:`InvalidParameter`.
    """
    full = set()
    for name in names or ():
        upper = name.upper()
        if upper != "ALL":
            upper = upper if upper.startswith("CAP_") else f"CAP_{upper}"
            if upper not in CAPABILITIES:
                raise InvalidParameter(f'invalid {field}: unknown capability: "{upper}"')
        full.add(upper)
    return full
