"""Attributes of exporters that are true or false, as BuildKit reads them."""

from collections.abc import Mapping

from boxship.base.errors import InvalidParameter

_BOOLEANS = {
    **dict.fromkeys(("", "1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


def is_on(attrs: Mapping[str, str], name: str, default: bool = False) -> bool:
    """Return the value of the attribute *name*; an empty value is true. :class:`InvalidParameter`
    for values that are neither true nor false: what such a value asks for must not be guessed."""
    text = attrs.get(name)
    if text is None:
        return default
    if text not in _BOOLEANS:
        raise InvalidParameter(f"non-bool value {text[:100]} specified for {name}")
    return _BOOLEANS[text]
