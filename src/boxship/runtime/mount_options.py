"""Mount options as strings to what the kernel's calls take (mount(8), OCI config.md, Mounts)."""

from dataclasses import dataclass, field

from boxship.base.errors import InvalidParameter
from boxship.kernel import mount as m

_ATTRIBUTES = {
    "ro": m.MOUNT_ATTR_RDONLY,
    "nosuid": m.MOUNT_ATTR_NOSUID,
    "nodev": m.MOUNT_ATTR_NODEV,
    "noexec": m.MOUNT_ATTR_NOEXEC,
    "noatime": 0x10,
    "strictatime": 0x20,
    "nodiratime": 0x80,
    "nosymfollow": 0x200000,
}
_CLEARING = {
    "rw": m.MOUNT_ATTR_RDONLY,
    "suid": m.MOUNT_ATTR_NOSUID,
    "dev": m.MOUNT_ATTR_NODEV,
    "exec": m.MOUNT_ATTR_NOEXEC,
    "atime": 0x10,
    "relatime": 0x30,
    "diratime": 0x80,
}
PROPAGATION = {
    "private": m.MS_PRIVATE,
    "rprivate": m.MS_PRIVATE,
    "shared": m.MS_SHARED,
    "rshared": m.MS_SHARED,
    "slave": m.MS_SLAVE,
    "rslave": m.MS_SLAVE,
    "unbindable": m.MS_UNBINDABLE,
    "runbindable": m.MS_UNBINDABLE,
}
_IGNORED = {"defaults", "newinstance", "async", "z", "Z", "nocopy", "copy"}
_BINDS = {"bind": False, "rbind": True}


@dataclass(slots=True)
class Parsed:
    """*attributes* are ``MOUNT_ATTR_*``; *data* pairs for the file system itself."""

    attributes: int = 0
    attributes_recursive: bool = False
    propagation: int = 0
    recursive: bool = False
    data: list[list[str]] = field(default_factory=list)


def parse(options: list[str]) -> Parsed:
    """Later options win over earlier ones. :class:`InvalidParameter` for an empty one."""
    result = Parsed()
    for option in options:
        if option in _ATTRIBUTES:
            result.attributes |= _ATTRIBUTES[option]
        elif option in ("rro", "rnoexec", "rnosuid", "rnodev"):
            result.attributes |= _ATTRIBUTES[option[1:]]
            result.attributes_recursive = True
        elif option in _CLEARING:
            result.attributes &= ~_CLEARING[option]
        elif option in PROPAGATION:
            result.propagation = PROPAGATION[option]
        elif option in _BINDS:
            result.recursive = _BINDS[option]
        elif option not in _IGNORED:
            key, _, value = option.partition("=")
            if not key:
                raise InvalidParameter(f"invalid mount option {option!r}")
            result.data.append([key, value])
    return result
