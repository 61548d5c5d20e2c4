"""Lists of CPUs and memory nodes, such as ``0-3,5`` (cpuset(7), "List format")."""

import re

from boxship.base.errors import InvalidParameter

_MAXIMUM = 8192
_ITEM = re.compile(r"\+?([0-9]{1,18})(?:-\+?([0-9]{1,18}))?\Z")
_KINDS = {"cpus": "CPUs", "mems": "memory nodes"}


def check_cpuset(kind: str, requested: str, available: str) -> None:
    """:class:`InvalidParameter` unless *requested* is a list within *available*.

    *kind* is ``cpus`` or ``mems``. An empty list asks for nothing.
    """
    try:
        wanted = parse_list(requested)
    except ValueError as error:
        raise InvalidParameter(f"Invalid value {requested} for cpuset {kind}: {error}") from None
    if not wanted <= parse_list(available):
        raise InvalidParameter(
            f"Requested {_KINDS[kind]} are not available - "
            f"requested {requested}, available: {available}"
        )


def parse_list(text: str) -> set[int]:
    """The numbers of *text*; ValueError for a malformed list or a number above 8192."""
    numbers: set[int] = set()
    for item in text.split(",") if text else ():
        match = _ITEM.match(item)
        if match is None:
            raise ValueError(f"invalid format: {text}")
        low, high = int(match[1]), int(match[2] or match[1])
        if low > high:
            raise ValueError(f"invalid format: {text}")
        if high > _MAXIMUM:
            raise ValueError(f"value of out range, maximum is {_MAXIMUM}")
        numbers.update(range(low, high + 1))
    return numbers
