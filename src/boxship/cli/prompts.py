"""Questions before something is destroyed."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App


def confirm(app: App, warning: str, separator: str = "\n") -> bool:
    """Whether the user typed "y". Without a terminal or an answer, that is no."""
    app.print(f"{warning}{separator}Are you sure you want to continue? [y/N] ", end="")
    app.flush()
    return sys.stdin.readline().strip().lower() == "y"
