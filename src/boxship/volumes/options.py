"""Options of the ``local`` driver: what mount(8) would be told."""

import os

from boxship.base.errors import InvalidParameter, NotSupported

_KNOWN = frozenset({"type", "o", "device", "size"})


def check_options(name: str, options: dict[str, str] | None) -> None:
    """:class:`InvalidParameter` for what the driver does not know, NotSupported for real mounts."""
    if not options:
        return
    for key in options:
        if key not in _KNOWN:
            raise InvalidParameter(f'create {name}: invalid option: "{key}"')
    if not options.get("device"):
        raise InvalidParameter(f"create {name}: missing device in volume options")
    if not _is_bind(options):
        kind = options.get("type") or "?"
        raise NotSupported(
            f"create {name}: volumes of type {kind} are not available in this engine, "
            "only binds of a host directory (type=none, o=bind)"
        )
    if not os.path.isdir(options["device"]):
        raise InvalidParameter(
            f"create {name}: failed to mount local volume: {options['device']}: no such directory"
        )


def mountpoint_of(options: dict[str, str] | None) -> str:
    """The directory that a bind volume stands for, or an empty string."""
    return options["device"] if options and _is_bind(options) else ""


def _is_bind(options: dict[str, str]) -> bool:
    words = options.get("o", "").split(",")
    return "bind" in words or "rbind" in words
