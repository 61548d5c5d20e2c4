"""An initramfs: a cpio archive in the "newc" form (kernel documentation, early-userspace)."""

import stat
from collections.abc import Mapping

_MAGIC = "070701"


def build(init: bytes, busybox: bytes, modules: Mapping[str, bytes]) -> bytes:
    """*init* as /init, with busybox to interpret it and kernel *modules* in /modules."""
    executable, directory = stat.S_IFREG | 0o755, stat.S_IFDIR | 0o755
    members: list[tuple[str, int, bytes, tuple[int, int]]] = [
        ("bin", directory, b"", (0, 0)),
        ("dev", directory, b"", (0, 0)),
        ("modules", directory, b"", (0, 0)),
        ("dev/console", stat.S_IFCHR | 0o600, b"", (5, 1)),
        ("bin/busybox", executable, busybox, (0, 0)),
        ("init", executable, init, (0, 0)),
    ]
    for name, content in modules.items():
        members.append((f"modules/{name}.ko", stat.S_IFREG | 0o644, content, (0, 0)))
    rows = [_member(number, *member) for number, member in enumerate(members, 1)]
    return b"".join([*rows, _member(0, "TRAILER!!!", 0, b"", (0, 0))])


def _member(number: int, name: str, mode: int, content: bytes, device: tuple[int, int]) -> bytes:
    links = 2 if stat.S_ISDIR(mode) else 1
    size = len(name) + 1
    fields = (number, mode, 0, 0, links, 0, len(content), 0, 0, *device, size, 0)
    header = _MAGIC + "".join(f"{field:08X}" for field in fields)
    return _padded(header.encode() + name.encode() + b"\0") + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
