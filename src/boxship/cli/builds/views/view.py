"""What all views share, and the choice between them."""

from __future__ import annotations

import os

from boxship.base.errors import InvalidParameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MODES = ("auto", "plain", "tty", "rawjson", "quiet")
_OUTPUT = 2


class View:
    """Shows nothing. A view that *is_moving* wants :meth:`tick` again and again."""

    is_moving = False

    def show(self, status: dict[str, Any]) -> None:
        """Take in what is new."""

    def tick(self) -> None:
        """Time has passed."""

    def end(self) -> None:
        """There will be no more; whatever has to be said at the end is said."""


def view_of(mode: str, terminal: bool) -> View:
    """*terminal*: whether standard error, where all views show, is one. :class:`InvalidParameter`
    for a mode that is none, or cannot be had."""
    mode = mode or os.environ.get("BUILDKIT_PROGRESS") or "auto"
    if mode not in MODES:
        raise InvalidParameter(f"invalid progress mode {mode}")
    if mode == "auto":
        mode = "tty" if terminal and os.environ.get("TERM") != "dumb" else "plain"
    if mode == "tty":
        if not terminal:
            raise InvalidParameter("failed to get console: provided file is not a console")
        from boxship.cli.builds.views.table import Table

        return Table(_OUTPUT)
    if mode == "plain":
        from boxship.cli.builds.views.plain import Plain

        return Plain(_OUTPUT)
    if mode == "rawjson":
        from boxship.cli.builds.views.raw import Raw

        return Raw(_OUTPUT)
    return View()
