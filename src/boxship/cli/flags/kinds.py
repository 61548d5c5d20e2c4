"""Text of a flag's value to the value; errors in the words of Go's flag package and Docker's."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")


def parse_bool(text: str) -> bool:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')


def parse_int(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def parse_count(text: str) -> int:
    """A decimal number that is not negative."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    return int(text)


def parse_uint16(text: str) -> int:
    number = parse_count(text)
    if number > 65535:
        raise ValueError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return number


def parse_bytes(text: str) -> int:
    from boxship.cli.output.units import parse_size

    return parse_size(text)


def parse_swap(text: str) -> int:
    return -1 if text == "-1" else parse_bytes(text)


def parse_duration(text: str) -> int:
    from boxship.cli.output.durations import parse_duration

    return parse_duration(text)


def parse_cpus(text: str) -> int:
    """Decimal CPUs as whole nanocpus."""
    from decimal import Decimal, InvalidOperation

    try:
        nano = Decimal(text) * 1_000_000_000
    except InvalidOperation:
        raise ValueError(f"failed to parse {text} as a rational number") from None
    if nano != nano.to_integral_value():
        raise ValueError("value is too precise")
    return int(nano)


def parse_filter(text: str) -> str:
    if "=" not in text:
        raise ValueError("bad format of filter (expected name=value)")
    name, _, value = text.partition("=")
    return f"{name.strip().lower()}={value.strip()}"


KINDS: dict[str, Callable[[str], object]] = {
    "bool": parse_bool,
    "string": str,
    "list": str,
    "filter": parse_filter,
    "int": parse_int,
    "uint16": parse_uint16,
    "bytes": parse_bytes,
    "swap": parse_swap,
    "duration": parse_duration,
    "decimal": parse_cpus,
}
