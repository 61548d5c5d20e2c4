"""How a forked stage tells its parent that it failed: one message over a close-on-exec pipe.

End of file without a message means that execve(2) succeeded.
"""

import json
import os
from typing import Any, NoReturn

from boxship.sandbox import messages

#: Characters of a message; the rest is cut off, so that every failure fits a packet.
LONGEST = 1 << 14


class StageError(Exception):
    """A failure with the words that the user sees. *code* is the exit code that Docker gives it."""

    def __init__(self, message: str, code: int = 128, errno: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.errno = errno


def describe(stage: str, error: BaseException) -> dict[str, Any]:
    """What failed in *stage*, as messages carry it."""
    failure: dict[str, Any] = {"stage": stage, "message": str(error), "code": 128, "errno": 0}
    if isinstance(error, StageError):
        failure |= {"code": error.code, "errno": error.errno}
    elif isinstance(error, OSError):
        path = os.fsdecode(error.filename) if error.filename else ""
        reason = str(error.strerror).lower()
        text = f"{path}: {reason}" if path else reason
        failure |= {"errno": error.errno, "message": f"{stage}: {text}"}
    else:
        failure["message"] = f"{stage}: {type(error).__name__}: {error}"
    failure["message"] = failure["message"][:LONGEST]
    return failure


def report(pipe: int, stage: str, error: BaseException) -> NoReturn:
    """Write what failed in *stage* to *pipe* and end the process."""
    try:
        os.write(pipe, json.dumps(describe(stage, error)).encode())
    except OSError:
        pass
    os._exit(1)


def read(pipe: int) -> dict[str, Any] | None:
    """What the stage reported, or None once its program runs. Closes *pipe* (or socket)."""
    data = messages.read_all(pipe)
    return json.loads(data) if data else None
