"""The layer between an image and a container: what the runtime mounts on, with the image's owners.

A container's mounts need directories and files that images lack. They are a layer of their own, so
that no diff shows them. overlayfs gives a directory the owner and mode of its topmost layer: the
skeleton's directories therefore take over those that the image has. There is one skeleton on disk
for each combination, which all images with that combination share.
"""

import errno
import os
import stat
from collections import OrderedDict
from collections.abc import Callable

from boxship.kernel.openat2 import BENEATH, NO_SYMLINKS, openat2
from boxship.sandbox.layers import Layer, Rootfs, key_of

KIND = "skeleton"
#: Each before those below it.
DIRECTORIES = ("dev", "dev/pts", "dev/shm", "etc", "proc", "sys")
FILES = (".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/resolv.conf")
_LINKS = {"etc/mtab": "/proc/mounts"}
_CACHED = 100
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
#: Mode, user and group.
Attributes = tuple[int, int, int]
_DEFAULT: Attributes = (0o755, 0, 0)


class Skeletons:
    """Chooses the skeleton of a root file system. *mount* makes a detached mount of a rootfs."""

    def __init__(self, mount: Callable[[Rootfs], int]) -> None:
        self._mount = mount
        self._known: OrderedDict[tuple[str, ...], Layer] = OrderedDict()

    def resolve(self, rootfs: Rootfs) -> Rootfs:
        """Return *rootfs* with a directory in the place of its first layer, if that is of kind
        ``skeleton``. Its ``path`` is where skeletons are made."""
        layers: list[Layer] = rootfs["layers"]
        if not layers or layers[0]["kind"] != KIND:
            return rootfs
        place, below = layers[0]["path"], layers[1:]
        key = (place, *map(key_of, below))
        layer = self._known.get(key)
        if layer is None:
            layer = self._known[key] = {"kind": "dir", "path": self._find(place, below)}
            if len(self._known) > _CACHED:
                self._known.popitem(last=False)
        return rootfs | {"layers": [layer, *below]}

    def _find(self, place: str, below: list[Layer]) -> str:
        root = self._mount({"layers": below})
        try:
            attributes = {path: _attributes(root, path) for path in DIRECTORIES}
        finally:
            os.close(root)
        directory = f"{place}/{_name(attributes)}"
        if not os.path.isdir(directory):
            _make(directory, attributes)
        return directory


def _attributes(root: int, path: str) -> Attributes:
    """Return those of a directory; the default ones for what is missing, a link or a file."""
    try:
        fd = openat2(root, path, os.O_PATH | os.O_NOFOLLOW, 0, BENEATH | NO_SYMLINKS)
    except OSError as error:
        if error.errno in _ABSENT:
            return _DEFAULT
        raise
    status = os.fstat(fd)
    os.close(fd)
    if not stat.S_ISDIR(status.st_mode):
        return _DEFAULT
    return stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid


def _name(attributes: dict[str, Attributes]) -> str:
    """Return a file name that tells the attributes, such as ``etc=775.0.0``."""
    different = {path: each for path, each in attributes.items() if each != _DEFAULT}
    parts = (
        f"{path.replace('/', '.')}={mode:o}.{uid}.{gid}"
        for path, (mode, uid, gid) in different.items()
    )
    return "+".join(parts) or "default"


def _make(directory: str, attributes: dict[str, Attributes]) -> None:
    """Make a skeleton, which is whole from the moment that its directory exists."""
    unfinished = f"{directory}.{os.getpid()}"
    os.makedirs(unfinished, 0o755, exist_ok=True)
    for path in DIRECTORIES:
        os.makedirs(f"{unfinished}/{path}", exist_ok=True)
    for name in FILES:
        fd = os.open(f"{unfinished}/{name}", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC)
        os.fchmod(fd, 0o755)
        os.close(fd)
    for name, target in _LINKS.items():
        if not os.path.islink(f"{unfinished}/{name}"):
            os.symlink(target, f"{unfinished}/{name}")
    for path, (mode, uid, gid) in attributes.items():
        os.chown(f"{unfinished}/{path}", uid, gid)
        os.chmod(f"{unfinished}/{path}", mode)
    os.chmod(unfinished, 0o755)
    try:
        os.rename(unfinished, directory)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
