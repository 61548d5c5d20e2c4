"""Volumes, binds, tmpfs, and whether the root file system may be written."""

from __future__ import annotations

import os

from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, many, switch
from boxship.cli.flags.kinds import parse_bool
from boxship.cli.output.units import parse_size
from boxship.cli.run_flags.placed import Placed, key_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body


def _octal(text: str) -> int:
    try:
        return int(text, 8)
    except ValueError:
        raise ValueError(f"invalid value for tmpfs-mode: {text}") from None


# Key of --mount: field of the API's Mount, and how its value is read (flags need no value).
_KEYS: dict[str, tuple[tuple[str, ...], Callable[[str], object]]] = {
    "type": (("Type",), str.lower),
    "source": (("Source",), str),
    "src": (("Source",), str),
    "target": (("Target",), str),
    "dst": (("Target",), str),
    "destination": (("Target",), str),
    "readonly": (("ReadOnly",), parse_bool),
    "ro": (("ReadOnly",), parse_bool),
    "consistency": (("Consistency",), str.lower),
    "bind-propagation": (("BindOptions", "Propagation"), str.lower),
    "bind-nonrecursive": (("BindOptions", "NonRecursive"), parse_bool),
    "bind-create-src": (("BindOptions", "CreateMountpoint"), parse_bool),
    "volume-nocopy": (("VolumeOptions", "NoCopy"), parse_bool),
    "volume-driver": (("VolumeOptions", "DriverConfig", "Name"), str),
    "volume-subpath": (("VolumeOptions", "Subpath"), str),
    "image-subpath": (("ImageOptions", "Subpath"), str),
    "tmpfs-size": (("TmpfsOptions", "SizeBytes"), parse_size),
    "tmpfs-mode": (("TmpfsOptions", "Mode"), _octal),
}
_MAPS = {
    "volume-label": ("VolumeOptions", "Labels"),
    "volume-opt": ("VolumeOptions", "DriverConfig", "Options"),
}
_OF_TYPE = {
    "BindOptions": "bind",
    "VolumeOptions": "volume",
    "ImageOptions": "image",
    "TmpfsOptions": "tmpfs",
}
_RECURSIVE: dict[str, dict[str, bool]] = {
    "enabled": {},
    "disabled": {"NonRecursive": True},
    "writable": {"ReadOnlyNonRecursive": True},
    "readonly": {"ReadOnlyForceRecursive": True},
}


def parse_mount(text: str) -> Body:
    """One ``--mount`` as the API's Mount; ValueError with Docker's reason."""
    import csv

    if not text:
        raise ValueError("EOF")
    mount: Body = {"Type": "volume"}
    for part in next(csv.reader([text]), []):
        name, equals, value = part.partition("=")
        name = name.lower()
        if not equals and (name not in _KEYS or _KEYS[name][1] is not parse_bool):
            raise ValueError(f"invalid field '{part}' must be a key=value pair")
        _field(mount, name, value if equals else "true", part)
    _check(mount)
    return mount


def _field(mount: Body, name: str, value: str, part: str) -> None:
    if name == "bind-recursive":
        if value not in _RECURSIVE:
            raise ValueError(
                f'invalid value for {name}: {value} (must be "enabled", "disabled", '
                '"writable", or "readonly")'
            )
        mount.setdefault("BindOptions", {}).update(_RECURSIVE[value])
    elif name in _MAPS:
        key, _, setting = value.partition("=")
        _inner(mount, _MAPS[name])[key] = setting
    elif name not in _KEYS:
        raise ValueError(f"unexpected key '{name}' in '{part}'")
    else:
        path, parse = _KEYS[name]
        try:
            _inner(mount, path[:-1])[path[-1]] = parse(value)
        except ValueError:
            raise ValueError(f"invalid value for {name}: {value}") from None
    if name in ("source", "src") and value.startswith("."):
        mount["Source"] = os.path.abspath(value)


def _inner(mount: Body, path: tuple[str, ...]) -> Body:
    for name in path:
        mount = mount.setdefault(name, {})
    return mount


def _check(mount: Body) -> None:
    if not mount["Type"]:
        raise ValueError("type is required")
    if not mount.get("Target"):
        raise ValueError("target is required")
    _check_recursion(mount.get("BindOptions", {}), bool(mount.get("ReadOnly")))
    for options, kind in _OF_TYPE.items():
        if options in mount and mount["Type"] != kind:
            raise ValueError(f"cannot mix '{kind}-*' options with mount type '{mount['Type']}'")


def _storage_options(texts: list[str]) -> dict[str, str]:
    if not all("=" in text for text in texts):
        raise Failed("invalid storage option")
    return key_values(texts)


def _check_recursion(bind: Body, readonly: bool) -> None:
    """``writable`` and ``readonly`` say how far a mount is read-only, so it has to be that."""
    for name, key in (("writable", "ReadOnlyNonRecursive"), ("readonly", "ReadOnlyForceRecursive")):
        needs = f"option 'bind-recursive={name}' requires"
        if bind.get(key) and not readonly:
            raise ValueError(f"{needs} 'readonly' to be specified in conjunction")
        if bind.get(key) and name == "readonly" and bind.get("Propagation") != "rprivate":
            raise ValueError(f"{needs} 'bind-propagation=rprivate' to be specified in conjunction")


ROWS = (
    Placed(many("volume", "Bind a directory or volume, [SOURCE:]INSIDE[:OPTIONS]", "v")),
    Placed(
        many("mount", "Mount, type=…,source=…,target=…", shows="mount", parse=parse_mount),
        "HostConfig.Mounts",
    ),
    Placed(many("tmpfs", "Mount a tmpfs, INSIDE[:OPTIONS]")),
    Placed(many("volumes-from", "Container whose volumes to mount"), "HostConfig.VolumesFrom"),
    Placed(Flag("volume-driver", "Driver of new volumes"), "HostConfig.VolumeDriver"),
    Placed(switch("read-only", "Do not let the root be written"), "HostConfig.ReadonlyRootfs"),
    Placed(
        many("storage-opt", "Option of the storage driver, NAME=VALUE"),
        "HostConfig.StorageOpt",
        _storage_options,
    ),
)


def apply(arguments: Arguments, body: Body) -> None:
    binds: list[str] = []
    for text in dict.fromkeys(arguments.texts("volume")):
        source, colon, rest = text.partition(":")
        _check_bind(text)
        if not colon:
            body.setdefault("Volumes", {})[text] = {}
        elif source.startswith("."):
            binds.append(f"{os.path.abspath(source)}:{rest}")
        else:
            binds.append(text)
    if binds:
        body["HostConfig"]["Binds"] = binds
    temporary = {path: options for path, _, options in _partitions(arguments.texts("tmpfs"))}
    if temporary:
        body["HostConfig"]["Tmpfs"] = temporary


def _check_bind(text: str) -> None:
    if not text:
        raise Failed("invalid empty volume spec")
    parts = text.split(":")
    # Docker's client lets a colon alone pass, which then is a path.
    if "" in parts and text != ":":
        raise Failed(f"invalid spec: {text}: empty section between colons")
    if len(parts) > 3:
        raise Failed(f"invalid spec: {text}: too many colons")


def _partitions(texts: list[str]) -> list[tuple[str, str, str]]:
    return [text.partition(":") for text in texts]
