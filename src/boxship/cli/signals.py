"""Signals that this process gets, passed on to the container or turned into resizes."""

from __future__ import annotations

import signal
from functools import partial

from boxship.base.errors import BoxshipError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

# Those that cannot be caught, that tell of this process's own faults or children, or of its pipes.
_OURS = frozenset(
    (
        signal.SIGKILL,
        signal.SIGSTOP,
        signal.SIGCHLD,
        signal.SIGPIPE,
        signal.SIGURG,
        signal.SIGSEGV,
        signal.SIGBUS,
        signal.SIGILL,
        signal.SIGFPE,
        signal.SIGWINCH,
    )
)
PROXIED = tuple(number for number in signal.Signals if number not in _OURS and number < 32)


class Handlers:
    """A context in which signals call functions. Errors of the daemon in them are dropped: the
    container may just have ended."""

    def __init__(self) -> None:
        self._saved: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> Handlers:
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._saved.items():
            signal.signal(number, handler)

    def proxy(self, send: Callable[[str], object]) -> None:
        """Call ``send("TERM")`` and the like for every signal that is passed on."""
        for number in PROXIED:
            self._set(number, partial(send, number.name.removeprefix("SIG")))

    def on_resize(self, act: Callable[[], object]) -> None:
        self._set(signal.SIGWINCH, act)

    def _set(self, number: signal.Signals, act: Callable[[], object]) -> None:
        def handler(_number: int, _frame: FrameType | None) -> None:
            try:
                act()
            except BoxshipError:
                pass

        self._saved[number] = signal.signal(number, handler)
