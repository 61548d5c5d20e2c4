"""Log drivers and their options."""

import re

from boxship.base.errors import InvalidParameter
from boxship.base.go_regexp import compile_regexp
from boxship.engine.containers.validation.sizes import parse_size
from boxship.types.host_config import LogConfig

_ROTATION = frozenset({"max-size", "max-file", "compress"})
_TAGGING = frozenset({"labels", "labels-regex", "env", "env-regex", "tag"})
_UNKNOWN = {
    "json-file": "unknown log opt '{}' for json-file log driver",
    "local": "unknown log opt '{}' for log driver local",
}
_OPTIONS = {"json-file": _ROTATION | _TAGGING, "local": _ROTATION}
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}\Z")
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}
_DELIVERY = frozenset({"mode", "max-buffer-size"})


def check_log_config(log: LogConfig) -> None:
    """:class:`InvalidParameter` for drivers that are not here and options they do not know.

    The values of rotation options are looked at when the log is opened, as in dockerd.
    """
    if log.type == "none":
        return
    known = _OPTIONS.get(log.type)
    if known is None:
        raise InvalidParameter(
            f'error looking up logging plugin {log.type}: plugin "{log.type}" not found'
        )
    _check_delivery(log.config or {})
    for option in log.config or ():
        if option not in known | _DELIVERY:
            raise InvalidParameter(_UNKNOWN[log.type].format(option))


def _check_delivery(options: dict[str, str]) -> None:
    mode = options.get("mode", "")
    if mode not in ("", "blocking", "non-blocking"):
        raise InvalidParameter(f"logger: logging mode not supported: {mode}")
    size = options.get("max-buffer-size")
    if size is None:
        return
    if mode != "non-blocking":
        raise InvalidParameter(
            "logger: max-buffer-size option is only supported with 'mode=non-blocking'"
        )
    try:
        parse_size(size)
    except ValueError as error:
        raise InvalidParameter(f"error parsing option max-buffer-size: {error}") from None


def check_log_values(log: LogConfig) -> None:
    """Raise :class:`InvalidParameter` for options with values that the log driver refuses:
    rotation options that make no sense together, malformed regular expressions."""
    if log.type == "none":
        return
    options = log.config or {}
    try:
        _check_rotation(options)
        for name in ("labels-regex", "env-regex"):
            compile_regexp(options.get(name, ""))
    except ValueError as error:
        raise InvalidParameter(
            f"failed to create task for container: failed to initialize logging driver: {error}"
        ) from None


def _check_rotation(options: dict[str, str]) -> None:
    size = options.get("max-size")
    if size is not None and parse_size(size) <= 0:
        raise ValueError("max-size must be a positive number")
    files = _integer(options.get("max-file", "1"))
    if files < 1:
        raise ValueError("max-file cannot be less than 1")
    compress = options.get("compress", "false")
    if compress not in _BOOLEANS:
        raise ValueError(f'strconv.ParseBool: parsing "{compress}": invalid syntax')
    if _BOOLEANS[compress] and (files < 2 or size is None):
        raise ValueError(
            "compress cannot be true when max-file is less than 2 or max-size is not set"
        )


def _integer(text: str) -> int:
    if not _INTEGER.match(text):
        raise ValueError(f'strconv.Atoi: parsing "{text}": invalid syntax')
    return int(text)
