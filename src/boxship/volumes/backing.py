"""What lies behind a volume whose options ask for a mount, and how its failure is told."""

import ipaddress
import re
import socket
from dataclasses import dataclass

from boxship.base.errors import InvalidParameter
from boxship.volumes.volume import Volume

_BINDS = ("bind", "rbind")
#: ``MS_*`` of mount(2), only to be shown; 0 for words that clear one.
_SHOWN = {
    **dict.fromkeys(("defaults", "rw", "suid", "dev", "exec", "async", "atime", "diratime"), 0),
    "ro": 0x1,
    "nosuid": 0x2,
    "nodev": 0x4,
    "noexec": 0x8,
    "sync": 0x10,
    "noatime": 0x400,
    "nodiratime": 0x800,
    "bind": 0x1000,
    "rbind": 0x5000,
}
_BY_NETWORK = re.compile(r"(nfs\d?|cifs)\Z")
_SHARE = re.compile(r"//([^/]+)(.*)\Z", re.DOTALL)
_PASSWORD = re.compile(r"(?<=\bpassword=)[^,]*")


@dataclass(frozen=True)
class Backing:
    """*device* is a host path for a bind, else what the file system *type* calls its source.

    *words* are the mount options, *mountpoint* the directory that stands for it in messages.
    """

    type: str
    device: str
    words: tuple[str, ...]
    mountpoint: str

    @property
    def is_bind(self) -> bool:
        return any(word in _BINDS for word in self.words)

    @property
    def keeps_nothing(self) -> bool:
        """Its files end with its last use."""
        return self.type in ("tmpfs", "ramfs") and not self.is_bind

    @property
    def failure(self) -> str:
        """The beginning of Docker's message for a mount that fails; the reason comes after it."""
        flags = 0
        for word in self.words:
            flags |= _SHOWN.get(word, 0)
        data = _PASSWORD.sub("********", ",".join(w for w in self.words if w not in _SHOWN))
        shown = f", flags: {flags:#x}" if flags else ""
        shown += f", data: {data}" if data else ""
        return (
            f"error while mounting volume '{self.mountpoint}': failed to mount local volume: "
            f"mount {self.device}:{self.mountpoint}{shown}"
        )


def backing_of(volume: Volume) -> Backing | None:
    """None for a volume that is just a directory."""
    options = volume.options or {}
    if not options.get("device"):
        return None
    words = tuple(word for word in options.get("o", "").split(",") if word)
    return Backing(options.get("type", ""), options["device"], words, volume.mountpoint)


def with_address(backing: Backing) -> Backing:
    """*backing* with the name in ``addr=`` resolved, or else the one in ``//NAME/SHARE`` of CIFS,
    which the kernel cannot do. May block.

    :class:`InvalidParameter` for an unknown name.
    """
    if not _BY_NETWORK.match(backing.type):
        return backing
    words, device = [], backing.device
    for word in backing.words:
        key, _, host = word.partition("=")
        named = key == "addr" and not _is_address(host)
        words.append(f"addr={_resolved(backing, host)}" if named else word)
    match = _SHARE.match(device) if backing.type == "cifs" else None
    if match and words == [*backing.words] and not _is_address(match[1]):
        device = f"//{_resolved(backing, match[1])}{match[2]}"
    return Backing(backing.type, device, tuple(words), backing.mountpoint)


def _resolved(backing: Backing, host: str) -> str:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise InvalidParameter(
            f"error while mounting volume '{backing.mountpoint}': "
            f"error resolving passed in network volume address: lookup {host}: {error.strerror}"
        ) from None
    # As dockerd does, IPv4 first.
    return str(min(found, key=lambda row: row[0] != socket.AF_INET)[4][0])


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
