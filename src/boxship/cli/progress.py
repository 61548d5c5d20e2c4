"""The daemon's progress documents: moving lines on a terminal, one line per change elsewhere."""

from __future__ import annotations

import os
import time

from boxship.base.errors import Internal
from boxship.cli.errors import UNCONFIRMED
from boxship.cli.output.pace import Pace, time_left
from boxship.cli.output.units import human_size
from boxship.cli.pump import write_all
from boxship.client.errors import ConnectionLost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

BAR = 50
_LEAST_BAR = 10
_FRAME = 4  # brackets, a space, and the column that terminals wrap at
_COLUMNS = 80  # of a terminal that does not say


def show_progress(
    documents: Iterable[dict[str, Any]],
    descriptor: int,
    is_success: Callable[[dict[str, Any]], bool],
    *,
    quiet: bool = False,
) -> None:
    """Show *documents* until they end.

    :class:`Internal` has the daemon's text for an error. :class:`ConnectionLost` says that the
    stream ended before a document for which *is_success* holds: a stream that ends without an
    error proves nothing.
    """
    display = _Display(descriptor)
    succeeded = False
    for document in documents:
        if document.get("error"):
            detail = document.get("errorDetail") or {}
            raise Internal(str(detail.get("message") or document["error"]))
        succeeded = succeeded or is_success(document)
        if not quiet:
            display.show(document)
    if not succeeded:
        raise ConnectionLost(UNCONFIRMED)


def is_loaded(document: dict[str, Any]) -> bool:
    """Return whether *document* names an image that the daemon has loaded."""
    return str(document.get("stream", "")).startswith("Loaded image")


def is_imported(document: dict[str, Any]) -> bool:
    """Return whether *document* has the ID of the imported image."""
    return str(document.get("status", "")).startswith("sha256:")


def is_pulled(document: dict[str, Any]) -> bool:
    """Return whether *document* says that a pull is complete."""
    return str(document.get("status", "")).startswith("Status: ")


def is_pushed(document: dict[str, Any]) -> bool:
    """Return whether *document* has the digest of what the registry has accepted."""
    if (document.get("aux") or {}).get("Digest"):
        return True
    return ": digest: sha256:" in str(document.get("status", ""))


class _Display:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._moving = os.isatty(descriptor)
        self._lines: dict[str, int] = {}
        self._paces: dict[tuple[str, str], Pace] = {}

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
        detail = document.get("progressDetail") or {}
        if detail.get("current"):
            pace = self._paces.setdefault((name, status), Pace())
            rate = pace.at(time.monotonic(), detail["current"])
            text = with_bar(text, detail, rate, columns_of(self._descriptor))
        return self._move(name, text)

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


def columns_of(descriptor: int) -> int:
    """Return the width of the terminal behind *descriptor*."""
    try:
        return os.get_terminal_size(descriptor).columns or _COLUMNS
    except OSError:
        return _COLUMNS


def with_bar(text: str, detail: dict[str, Any], rate: float | None, columns: int) -> str:
    """*text*, a bar, amounts, rate and time left, as far as they fit into one line of *columns*."""
    current, total = detail.get("current", 0), detail.get("total", 0)
    amounts = f" {human_size(current):>8}"
    if total:
        amounts += f"/{human_size(total)}"
    if rate is not None:
        amounts += f"  {human_size(rate, 3)}/s  {time_left(total - current, rate)}".rstrip()
    room = min(BAR, columns - len(text) - len(amounts) - _FRAME)
    bar = ""
    if total and room >= _LEAST_BAR:
        done = min(room, room * current // total)
        arrow = "=" * done + ">" if done < room else "=" * room
        bar = f" [{arrow:<{room}}]"
    return f"{text}{bar}{amounts}"[: columns - 1]
