"""Colours, on terminals whose users did not refuse them."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Select Graphic Rendition (ECMA-48, 8.3.117).
CODES = {
    "bold": "1",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}


def painter(terminal: bool) -> Callable[[str, str], str]:
    """A function of text and colour. ``NO_COLOR`` (no-color.org) and dumb terminals turn it off."""
    if not terminal or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return lambda text, _color: text
    return lambda text, color: f"\x1b[{CODES[color]}m{text}\x1b[0m"
