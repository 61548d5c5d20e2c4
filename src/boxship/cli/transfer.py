"""The progress of bytes that this program sends or receives: amount, rate and time left."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TERMINAL = 2  # standard output may be the transfer itself
_FRAME_SECONDS = 0.1
_CLEAR = b"\r\033[2K"


def watched(chunks: Iterable[bytes], title: str, total: int = 0) -> Iterable[bytes]:
    """Return *chunks*; a line on the terminal follows them, unless errors go elsewhere.

    *total* is in bytes, 0 if unknown.
    """
    return _drawn(chunks, title, total) if _is_terminal() else chunks


def _is_terminal() -> bool:
    try:
        return os.isatty(_TERMINAL)
    except OSError:
        return False


def _drawn(chunks: Iterable[bytes], title: str, total: int) -> Iterator[bytes]:
    import time

    from boxship.cli.output.pace import Pace
    from boxship.cli.progress import columns_of, with_bar
    from boxship.cli.pump import write_all

    pace = Pace()
    current, drawn = 0, time.monotonic()
    pace.at(drawn, current)
    is_shown = False
    try:
        for chunk in chunks:
            yield chunk
            current += len(chunk)
            now = time.monotonic()
            if now - drawn < _FRAME_SECONDS:
                continue
            drawn, is_shown = now, True
            detail = {"current": current, "total": max(total, current) if total else 0}
            line = with_bar(title, detail, pace.at(now, current), columns_of(_TERMINAL))
            write_all(_TERMINAL, _CLEAR + line.encode())
    finally:
        if is_shown:
            write_all(_TERMINAL, _CLEAR)
