"""The user's terminal: its size, raw mode, and its way back from it."""

from __future__ import annotations

import os
import signal
import termios

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

# Signals that would end this process and leave the terminal raw.
_DEADLY = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)


def size(descriptor: int = 1) -> tuple[int, int]:
    """Rows and columns; zeros where there is no terminal."""
    try:
        columns, rows = os.get_terminal_size(descriptor)
    except OSError:
        return 0, 0
    return rows, columns


class RawTerminal:
    """A context in which *descriptor* passes every byte on unchanged and echoes nothing.

    The mode is put back on every way out, deadly signals among them.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._saved: list[int | list[bytes | int]] | None = None
        self._handlers: dict[signal.Signals, signal._HANDLER] = {}

    def __enter__(self) -> RawTerminal:
        self._saved = termios.tcgetattr(self._descriptor)
        for number in _DEADLY:
            self._handlers[number] = signal.signal(number, _exit)
        termios.tcsetattr(self._descriptor, termios.TCSANOW, _raw(self._saved))
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()

    def restore(self) -> None:
        if self._saved is None:
            return
        try:
            termios.tcsetattr(self._descriptor, termios.TCSANOW, self._saved)
        except termios.error:
            # The terminal itself has gone.
            pass
        self._saved = None
        for number, handler in self._handlers.items():
            signal.signal(number, handler)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _raw(saved: list[int | list[bytes | int]]) -> list[int | list[bytes | int]]:
    """cfmakeraw(3) on a copy of the attributes."""
    iflag, oflag, cflag, lflag, ispeed, ospeed, cc = saved
    assert isinstance(iflag, int) and isinstance(oflag, int) and isinstance(cc, list)
    assert isinstance(cflag, int) and isinstance(lflag, int)
    t = termios
    iflag &= ~(t.IGNBRK | t.BRKINT | t.PARMRK | t.ISTRIP | t.INLCR | t.IGNCR | t.ICRNL | t.IXON)
    oflag &= ~t.OPOST
    lflag &= ~(t.ECHO | t.ECHONL | t.ICANON | t.ISIG | t.IEXTEN)
    cflag = cflag & ~(t.CSIZE | t.PARENB) | t.CS8
    characters = list(cc)
    characters[t.VMIN], characters[t.VTIME] = 1, 0
    return [iflag, oflag, cflag, lflag, ispeed, ospeed, characters]
