"""The ``Mounts`` list: each entry's fields, by type."""

import os
import posixpath
from collections.abc import Callable

from boxship.base.errors import InvalidParameter
from boxship.engine.containers.validation.mount_modes import PROPAGATIONS
from boxship.types.mounts import Mount

#: Tells whether a path exists on the host; tests pass their own.
Exists = Callable[[str], bool]
_OPTIONS = {
    "bind_options": ("BindOptions", "bind"),
    "volume_options": ("VolumeOptions", "volume"),
    "image_options": ("ImageOptions", "image"),
    "tmpfs_options": ("TmpfsOptions", "tmpfs"),
}


def check_mount(mount: Mount, exists: Exists = os.path.exists) -> None:
    """:class:`InvalidParameter` unless *mount* is complete and consistent for its type."""
    try:
        _check_target(mount.target)
        _CHECKS.get(mount.type, _unknown)(mount, exists)
    except _Flaw as flaw:
        raise InvalidParameter(f'invalid mount config for type "{mount.type}": {flaw}') from None


class _Flaw(Exception):
    """Becomes the end of a message that names the mount's type."""


def _check_target(target: str) -> None:
    if not target:
        raise _Flaw("field Target must not be empty")
    flaw = destination_flaw(target)
    if flaw:
        raise _Flaw(flaw)


def destination_flaw(path: str) -> str:
    """What is wrong with *path* as a place inside a container; empty when nothing is."""
    if posixpath.normpath("/" + path) in ("/", "//") and path.startswith("/"):
        return "invalid specification: destination can't be '/'"
    return (
        "" if path.startswith("/") else f"invalid mount path: '{path}' mount path must be absolute"
    )


def _refuse_options(mount: Mount, *own: str) -> None:
    for attribute, (name, type_) in _OPTIONS.items():
        if type_ not in own and getattr(mount, attribute) is not None:
            raise InvalidParameter(f'{name} must not be specified on mount type "{mount.type}"')


def _unknown(mount: Mount, exists: Exists) -> None:
    raise _Flaw("mount type unknown")


def _bind(mount: Mount, exists: Exists) -> None:
    _refuse_options(mount, "bind")
    if not mount.source:
        raise _Flaw("field Source must not be empty")
    options = mount.bind_options
    if options is not None and options.propagation not in ("", *PROPAGATIONS):
        raise _Flaw(f"invalid propagation mode: {options.propagation}")
    if not mount.source.startswith("/"):
        raise _Flaw(f"invalid mount path: '{mount.source}' mount path must be absolute")
    if not (options is not None and options.create_mountpoint) and not exists(mount.source):
        raise _Flaw(f"bind source path does not exist: {mount.source}")


def _volume(mount: Mount, exists: Exists) -> None:
    _refuse_options(mount, "volume")
    subpath = mount.volume_options.subpath if mount.volume_options else ""
    if not mount.source and mount.read_only:
        raise _Flaw("must not set ReadOnly mode when using anonymous volumes")
    if not mount.source and subpath:
        raise _Flaw("must not set Subpath when using anonymous volumes")
    _check_subpath(subpath)


def _check_subpath(subpath: str) -> None:
    if subpath.startswith("/") or posixpath.normpath(subpath).split("/")[0] == "..":
        raise _Flaw("subpath must be a relative path within the volume")


def _tmpfs(mount: Mount, exists: Exists) -> None:
    _refuse_options(mount, "tmpfs")
    if mount.source:
        raise _Flaw("field Source must not be specified")


def _image(mount: Mount, exists: Exists) -> None:
    _refuse_options(mount, "image")
    if not mount.source:
        raise _Flaw("field Source must not be empty")
    if mount.image_options:
        _check_subpath(mount.image_options.subpath)


_CHECKS: dict[str, Callable[[Mount, Exists], None]] = {
    "bind": _bind,
    "volume": _volume,
    "tmpfs": _tmpfs,
    "image": _image,
}
