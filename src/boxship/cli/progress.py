"""The daemon's progress documents: moving lines on a terminal, one line per change elsewhere."""

from __future__ import annotations

import os

from boxship.base.errors import Internal
from boxship.cli.output.units import human_size
from boxship.cli.pump import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

BAR = 50


def show_progress(
    documents: Iterable[dict[str, Any]], descriptor: int, *, quiet: bool = False
) -> None:
    """Show *documents* until they end; :class:`Internal` with the daemon's text for an error."""
    display = _Display(descriptor)
    for document in documents:
        if document.get("error"):
            detail = document.get("errorDetail") or {}
            raise Internal(str(detail.get("message") or document["error"]))
        if not quiet:
            display.show(document)


class _Display:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._moving = os.isatty(descriptor)
        self._lines: dict[str, int] = {}

    def show(self, document: dict[str, Any]) -> None:
        if "stream" in document:
            return self._write(document["stream"])
        if "status" not in document:
            return None  # for programs: what was pushed
        status, name = document.get("status", ""), document.get("id", "")
        text = f"{name}: {status}" if name else status
        if not self._moving:
            if not document.get("progressDetail"):
                self._write(text + "\n")
            return None
        bar = _bar(document.get("progressDetail") or {})
        return self._move(name, f"{text} {bar}".rstrip())

    def _move(self, name: str, text: str) -> None:
        if not name:
            self._lines.clear()
            return self._write(text + "\n")
        if name not in self._lines:
            self._lines[name] = len(self._lines)
            self._write("\n")
        up = len(self._lines) - self._lines[name]
        return self._write(f"\033[{up}A\r\033[2K{text}\r\033[{up}B")

    def _write(self, text: str) -> None:
        write_all(self._descriptor, text.encode())


def _bar(detail: dict[str, Any]) -> str:
    current, total = detail.get("current", 0), detail.get("total", 0)
    if not current:
        return ""
    if not total:
        return human_size(current)
    done = min(BAR, BAR * current // total)
    arrow = "=" * done + ">" if done < BAR else "=" * BAR
    return f"[{arrow:<{BAR}}] {human_size(current):>8}/{human_size(total)}"
