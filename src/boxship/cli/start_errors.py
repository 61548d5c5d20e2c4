"""Exit codes of starts that failed, told apart by the daemon's words (docs.docker.com, run)."""

from __future__ import annotations

from boxship.cli.errors import CANNOT_EXECUTE, ENGINE_FAILED, NOT_FOUND

_NOT_FOUND = ("executable file not found", "no such file or directory")
_CANNOT_EXECUTE = ("permission denied", "is a directory")


def exit_code(message: str) -> int:
    if any(text in message for text in _NOT_FOUND):
        return NOT_FOUND
    if any(text in message for text in _CANNOT_EXECUTE):
        return CANNOT_EXECUTE
    return ENGINE_FAILED
