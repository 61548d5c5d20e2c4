"""The short syntax of ``Binds``: ``[source:]destination[:mode]``."""

import posixpath

from boxship.base.errors import InvalidParameter
from boxship.engine.containers.container import MountPoint
from boxship.engine.containers.validation.mount_config import destination_flaw
from boxship.engine.containers.validation.mount_modes import (
    is_nocopy,
    is_read_only,
    is_valid_mode,
    propagation_of,
)

DEFAULT_PROPAGATION = "rprivate"


def parse_bind(text: str, volume_driver: str = "") -> MountPoint:
    """*text* as a mount point; a volume has a name (empty when anonymous) and no source yet."""
    source, destination, mode = _split(text)
    if not is_valid_mode(mode):
        raise InvalidParameter(f"invalid mode: {mode}")
    type_ = "bind" if source.startswith("/") else "volume"
    flaw = destination_flaw(destination) or _wrong_option(type_, mode)
    if flaw:
        raise InvalidParameter(
            f"invalid volume specification: '{text}': "
            f'invalid mount config for type "{type_}": {flaw}'
        )
    build = _bind if type_ == "bind" else _volume
    point = build(source, posixpath.normpath(destination), mode)
    if type_ == "volume":
        point.driver = volume_driver or "local"
    return point


def _split(text: str) -> tuple[str, str, str]:
    parts = text.split(":")
    if not parts[0] or len(parts) > 3 or (len(parts) > 1 and not parts[1]):
        raise InvalidParameter(f"invalid volume specification: '{text}'")
    if len(parts) == 1:
        return "", parts[0], ""
    # A volume without a source cannot have a mode: "/data:ro" must not become a volume at "ro".
    if len(parts) == 2 and is_valid_mode(parts[1]):
        raise InvalidParameter(f"invalid volume specification: '{text}'")
    return parts[0], parts[1], parts[2] if len(parts) == 3 else ""


def _wrong_option(type_: str, mode: str) -> str:
    if type_ == "bind" and is_nocopy(mode):
        return "field VolumeOptions must not be specified"
    if type_ == "volume" and propagation_of(mode):
        return "field BindOptions must not be specified"
    return ""


def _bind(source: str, destination: str, mode: str) -> MountPoint:
    return MountPoint(
        type="bind",
        source=clean_path(source),
        destination=clean_path(destination),
        mode=mode,
        rw=not is_read_only(mode),
        propagation=propagation_of(mode) or DEFAULT_PROPAGATION,
        options={"create_source": True},
    )


def _volume(name: str, destination: str, mode: str) -> MountPoint:
    return MountPoint(
        type="volume",
        source="",
        name=name,
        destination=clean_path(destination),
        mode=mode or "z",
        rw=not is_read_only(mode),
        options={"no_copy": True} if is_nocopy(mode) else {},
    )


def clean_path(path: str) -> str:
    """*path* without doubled slashes, ``.`` and ``..``, purely by its text."""
    return "/" + posixpath.normpath("/" + path).lstrip("/")
