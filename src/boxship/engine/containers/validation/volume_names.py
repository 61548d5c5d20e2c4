"""Names and drivers of the volumes that a container asks for."""

import re

from boxship.base.errors import InvalidParameter, NotFound

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*\Z")

# A volume is a directory of its name.
_LONGEST = 255


def check_volume(name: str, driver: str = "local") -> None:
    """:class:`InvalidParameter` for a bad *name* (empty: anonymous), NotFound for a *driver*."""
    if driver != "local":
        raise NotFound(
            f'create {name}: error looking up volume plugin {driver}: plugin "{driver}" not found'
        )
    if len(name) == 1:
        raise InvalidParameter(
            f"create {name}: volume name is too short,"
            " names should be at least two alphanumeric characters"
        )
    if len(name) > _LONGEST:
        raise InvalidParameter(f"create {name[:20]}...: volume name is too long")
    if name and not _NAME.match(name):
        raise InvalidParameter(
            f'create {name}: "{name}" includes invalid characters for a local volume name,'
            ' only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed.'
            " If you intended to pass a host directory, use absolute path"
        )
