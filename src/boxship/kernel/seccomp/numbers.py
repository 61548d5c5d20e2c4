"""System call names -> numbers, per architecture."""

from dataclasses import dataclass
from functools import cache

from boxship.kernel.seccomp import tables

X32_BIT = 0x40000000


@dataclass(frozen=True, slots=True)
class Architecture:
    """One ABI as the kernel's filters see it: ``audit`` is seccomp_data.arch (linux/audit.h)."""

    name: str
    audit: int
    bits: int


ARCHITECTURES: dict[str, Architecture] = {
    arch.name: arch
    for arch in (
        Architecture("SCMP_ARCH_X86_64", 0xC000003E, 64),
        Architecture("SCMP_ARCH_X86", 0x40000003, 32),
        Architecture("SCMP_ARCH_X32", 0xC000003E, 32),
        Architecture("SCMP_ARCH_AARCH64", 0xC00000B7, 64),
        Architecture("SCMP_ARCH_ARM", 0x40000028, 32),
    )
}
NATIVE: dict[str, str] = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}

# Calls that i386 programs may also make through a multiplexer, with its first argument's value:
# socketcall counts from 1, ipc has gaps (linux/net.h, linux/ipc.h).
_SOCKETCALL = (
    "@1 socket bind connect listen accept getsockname getpeername socketpair send recv sendto "
    "recvfrom shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg"
)
_IPC = (
    "@1 semop semget semctl semtimedop @11 msgsnd msgrcv msgget msgctl "
    "@21 shmat shmdt shmget shmctl"
)


@cache
def multiplexed() -> dict[str, tuple[str, int]]:
    """``connect`` -> (``socketcall``, 3)."""
    calls = {"socketcall": _parse(_SOCKETCALL), "ipc": _parse(_IPC)}
    return {
        name: (multiplexer, selector)
        for multiplexer, selectors in calls.items()
        for name, selector in selectors.items()
    }


@cache
def table(architecture: str) -> dict[str, int]:
    """The calls of one ABI, by name; x32's numbers carry their bit."""
    return _TABLES[architecture]()


def _parse(*texts: str) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for text in texts:
        following = 0
        for word in text.split():
            if word.startswith("@"):
                following = int(word[1:])
            else:
                numbers[word] = following
                following += 1
    return numbers


def _x86_64() -> dict[str, int]:
    return _parse(tables.X86_64, tables.COMMON)


def _x86() -> dict[str, int]:
    return _parse(tables.X86, tables.TIME64, tables.COMMON)


def _x32() -> dict[str, int]:
    numbers = _x86_64()
    for name in tables.X32_LACKS.split():
        del numbers[name]
    numbers.update(_parse(tables.X32))
    return {name: number | X32_BIT for name, number in numbers.items()}


def _aarch64() -> dict[str, int]:
    return _parse(tables.AARCH64, tables.COMMON)


def _arm() -> dict[str, int]:
    return _parse(tables.ARM, tables.TIME64, tables.COMMON)


_TABLES = {
    "SCMP_ARCH_X86_64": _x86_64,
    "SCMP_ARCH_X86": _x86,
    "SCMP_ARCH_X32": _x32,
    "SCMP_ARCH_AARCH64": _aarch64,
    "SCMP_ARCH_ARM": _arm,
}
