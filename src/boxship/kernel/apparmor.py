"""AppArmor: is it on, which profiles are loaded, and confinement of the next exec."""

import os

_SWITCH = "/sys/module/apparmor/parameters/enabled"
_PROFILES = "/sys/kernel/security/apparmor/profiles"
# The first is unambiguous on hosts with several security modules (Linux 5.8 and later).
_EXEC_ATTRIBUTES = ("/proc/self/attr/apparmor/exec", "/proc/self/attr/exec")


def enabled() -> bool:
    """True when the kernel enforces AppArmor and its interface is mounted."""
    try:
        with open(_SWITCH, "rb") as file:
            return file.read(1) == b"Y" and os.path.exists(_PROFILES)
    except OSError:
        return False


def loaded(profile: str) -> bool:
    """Whether *profile* is in the kernel (a child profile is ``parent//child``)."""
    try:
        with open(_PROFILES, encoding="utf-8") as file:
            return any(line.rpartition(" (")[0] == profile for line in file)
    except OSError:
        return False


def confine_next_exec(profile: str) -> None:
    """Have the next execve(2) of this process, or of a fork of it, enter *profile*.

    Call it while procfs still is the host's: a container could have redirected its own.
    """
    for path in _EXEC_ATTRIBUTES:
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            os.write(fd, b"exec " + os.fsencode(profile))
        finally:
            os.close(fd)
        return
    raise FileNotFoundError(2, os.strerror(2), _EXEC_ATTRIBUTES[0])
