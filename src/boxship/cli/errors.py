"""How commands end otherwise than well. ``main`` turns these into messages and exit codes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# Docker's own exit codes (docs.docker.com, "docker run", Exit status).
FAILED = 1
ENGINE_FAILED = 125
CANNOT_EXECUTE = 126
NOT_FOUND = 127

UNCONFIRMED = (
    "the daemon's answer ended without a result: whether the work is done is unknown. "
    "See the daemon's log, then try again"
)


class UsageError(Exception):
    """The command line is wrong: exit code 125, with a pointer to ``--help``.

    ``unknown`` and ``known`` let ``main`` name the nearest flag.
    """

    def __init__(self, message: str, *, unknown: str = "", known: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.unknown = unknown
        self.known = known


class Failed(Exception):
    """The command failed with this message (none if empty) and this exit code."""

    def __init__(self, message: str = "", code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code
