"""Log drivers and their options."""

from boxship.base.errors import InvalidParameter
from boxship.engine.containers.validation.sizes import parse_size
from boxship.types.host_config import LogConfig

_ROTATION = frozenset({"max-size", "max-file", "compress"})
_TAGGING = frozenset({"labels", "labels-regex", "env", "env-regex", "tag"})
_UNKNOWN = {
    "json-file": "unknown log opt '{}' for json-file log driver",
    "local": "unknown log opt '{}' for log driver local",
}
_OPTIONS = {"json-file": _ROTATION | _TAGGING, "local": _ROTATION}
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
