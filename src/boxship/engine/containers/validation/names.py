"""Names of containers, and the small reference syntaxes that contain them."""

import re

from boxship.base.errors import InvalidParameter
from boxship.engine.containers.validation.mount_modes import is_valid_mode

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+\Z")
_ALLOWED = "[a-zA-Z0-9][a-zA-Z0-9_.-]"


def clean_name(name: str) -> str:
    """*name* without its optional leading slash; :class:`InvalidParameter` if it is none."""
    bare = name.removeprefix("/")
    if not _NAME.match(bare):
        raise InvalidParameter(f"Invalid container name ({name}), only {_ALLOWED} are allowed")
    return bare


def parse_link(text: str) -> tuple[str, str]:
    """Container and alias of a link ``name[:alias]``."""
    if not text:
        raise InvalidParameter("empty string specified for links")
    parts = text.split(":")
    if len(parts) > 2:
        raise InvalidParameter(f"bad format for links: {text}")
    return parts[0], parts[-1]


def parse_volumes_from(text: str) -> tuple[str, str]:
    """Container and mode of ``--volumes-from``; the mode is ``rw`` unless given."""
    if not text:
        raise InvalidParameter("volumes-from specification cannot be an empty string")
    name, colon, mode = text.partition(":")
    if not colon:
        return name, "rw"
    if not is_valid_mode(mode, allowed="access label consistency"):
        raise InvalidParameter(f"invalid mode: {mode}")
    return name, mode
