"""Signals by name or number, as ``kill``, ``stop`` and ``StopSignal`` take them (signal(7))."""

import re

from boxship.base.errors import InvalidParameter

_NAMES = """
    HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP
    TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS
"""
#: Real-time signals that the C library leaves to programs.
_RTMIN, _RTMAX = 34, 64
SIGNALS: dict[str, int] = {
    **{name: number for number, name in enumerate(_NAMES.split(), 1)},
    "IOT": 6,
    "CLD": 17,
    "POLL": 29,
    "RTMIN": _RTMIN,
    "RTMAX": _RTMAX,
    **{f"RTMIN+{step}": _RTMIN + step for step in range(1, 16)},
    **{f"RTMAX-{step}": _RTMAX - step for step in range(1, 15)},
}
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}\Z")


def parse_signal(text: str) -> int:
    """The number of ``SIGTERM``, ``term`` or ``15``; :class:`InvalidParameter` for no signal.

    Numbers other than 0 pass unchecked, as in dockerd; the kernel refuses them later.
    """
    if _NUMBER.match(text):
        number: int | None = int(text) or None
    else:
        number = SIGNALS.get(text.upper().removeprefix("SIG"))
    if number is None:
        raise InvalidParameter(f"invalid signal: {text}")
    return number
