"""``SecurityOpt``: ``name=value`` or the old ``name:value``."""

from collections.abc import Iterable

from boxship.base.errors import InvalidParameter
from boxship.types.model import Model

_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


class SecurityOptions(Model):
    """``seccomp``: None for the default profile, ``unconfined``, or a profile's JSON text."""

    no_new_privileges: bool = False
    seccomp: str | None = None
    apparmor: str | None = None
    labels: list[str] = []


def parse_security_options(options: Iterable[str] | None) -> SecurityOptions:
    """What *options* ask for; :class:`InvalidParameter` for one that is unknown."""
    parsed = SecurityOptions()
    for option in options or ():
        _apply(parsed, option)
    return parsed


def _apply(parsed: SecurityOptions, option: str) -> None:
    if option in ("no-new-privileges", "disable"):
        parsed.no_new_privileges |= option == "no-new-privileges"
        return
    name, separator, value = option.partition("=" if "=" in option else ":")
    if not separator:
        raise InvalidParameter(f'invalid --security-opt 1: "{option}"')
    if name == "no-new-privileges" and value in _TRUE | _FALSE:
        parsed.no_new_privileges = value in _TRUE
    elif name == "seccomp":
        parsed.seccomp = None if value == "builtin" else value
    elif name == "apparmor":
        parsed.apparmor = value
    elif name == "label":
        parsed.labels = [*parsed.labels, value]
    else:
        raise InvalidParameter(f'invalid --security-opt 2: "{option}"')
