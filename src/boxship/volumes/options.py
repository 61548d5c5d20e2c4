"""Options of the ``local`` driver: what mount(8) would be told."""

import re

from boxship.base.errors import InvalidParameter

_KNOWN = frozenset({"type", "o", "device", "size"})
_REQUIRED = ("device", "type")
_SIZE = re.compile(r"\d+(?:\.\d+)? ?[kKmMgGtTpP]?(?:[iI]?[bB])?\Z")


def check_options(name: str, options: dict[str, str] | None) -> None:
    """:class:`InvalidParameter` in Docker's words for what the driver cannot make a volume of.

    Whether the mount itself works is seen at the volume's first use.
    """
    if not options:
        return
    flaw = _flaw(options)
    if flaw:
        raise InvalidParameter(f"create {name}: {flaw}")


def _flaw(options: dict[str, str]) -> str:
    unknown = next((key for key in options if key not in _KNOWN), None)
    if unknown is not None:
        return f'invalid option: "{unknown}"'
    size = options.get("size")
    if size is not None:
        # Only a project quota of the file system below could hold it to that size.
        known = _SIZE.match(size)
        return "quota size requested but no quota support" if known else f"invalid size: '{size}'"
    missing = next((key for key in _REQUIRED if not options.get(key)), None)
    return f'missing required option: "{missing}"' if missing else ""
