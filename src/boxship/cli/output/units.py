"""Sizes as Docker prints and parses them (decimal ``1.5kB``, binary ``1.5KiB``)."""

from __future__ import annotations

_DECIMAL = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def _scaled(size: float, base: float, units: tuple[str, ...]) -> tuple[float, str]:
    step = 0
    while size >= base and step < len(units) - 1:
        size /= base
        step += 1
    return size, units[step]


def human_size(size: float, digits: int = 4) -> str:
    """*size* bytes by thousands with so many significant digits: ``1.234kB``."""
    number, unit = _scaled(size, 1000.0, _DECIMAL)
    return f"{number:.{digits}g}{unit}"


def short_size(size: float) -> str:
    """Three digits, as image and container tables show them."""
    return human_size(size, 3)


def binary_size(size: float) -> str:
    """*size* bytes by 1024: ``1.234KiB``."""
    number, unit = _scaled(size, 1024.0, _BINARY)
    return f"{number:.4g}{unit}"


def parse_size(text: str) -> int:
    """Bytes of ``512``, ``10k``, ``1.5g``, ``2MiB`` (by 1024 always); ValueError otherwise."""
    number = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    suffix = text[len(number) :].strip().lower()
    letter = suffix.removesuffix("b").removesuffix("i") if suffix != "b" else ""
    plain = number.replace(".", "", 1)
    if letter not in _POWERS or suffix == "i" or not (plain.isascii() and plain.isdigit()):
        raise ValueError(f"invalid size: '{text}'")
    return int(float(number) * 1024 ** _POWERS[letter])
