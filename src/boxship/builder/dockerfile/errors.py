"""Errors that know the place in the file that they are about."""

import difflib
from collections.abc import Iterable

from boxship.base.errors import InvalidParameter

# A longer one is nobody's mistake in writing.
_LONGEST_WORD = 100
# Of what people are shown of a line.
_LONGEST_TEXT = 4000


class DockerfileError(InvalidParameter):
    """``str()`` is prefix and message; :meth:`explain` adds file, lines and a caret.

    *line* counts from 1, 0 when unknown; *token* is what the caret goes under.
    """

    def __init__(self, message: str, line: int = 0, token: str = "", prefix: str = "") -> None:
        super().__init__(prefix + message)
        self.message = message
        self.line = line
        self.token = token

    def at(self, line: int, prefix: str = "") -> "DockerfileError":
        """The same error, placed unless it has a place already."""
        if self.line:
            return self
        return DockerfileError(self.message, line, self.token, prefix)

    def explain(self, text: str, name: str = "Dockerfile", around: int = 2) -> str:
        """The message, and below it its place in *text*, the content of the file *name*."""
        lines = text.splitlines()
        message = str(self)[:_LONGEST_TEXT]
        if not 0 < self.line <= len(lines):
            return message
        first, last = max(1, self.line - around), min(len(lines), self.line + around)
        width = len(str(last))
        shown = [message, f"{name}:{self.line}"]
        for number in range(first, last + 1):
            mark = ">" if number == self.line else " "
            source = lines[number - 1][:_LONGEST_TEXT].expandtabs(4)
            shown.append(f"{mark} {number:>{width}} | {source}".rstrip())
            if number == self.line:
                shown.append(self._caret(source, width))
        return "\n".join(shown)

    def _caret(self, source: str, width: int) -> str:
        at = source.find(self.token) if self.token else -1
        length = min(len(self.token), len(source) - at) if at >= 0 else len(source.strip())
        at = at if at >= 0 else len(source) - len(source.lstrip())
        return " " * (width + 3) + "| " + " " * at + "^" * max(1, length)


def suggest(word: str, known: Iterable[str]) -> str:
    """`` (did you mean X?)``, or nothing when *word* resembles none of *known*."""
    if len(word) > _LONGEST_WORD:
        return ""
    candidates = [*known]
    folded = {candidate.lower(): candidate for candidate in candidates}
    near = difflib.get_close_matches(word.lower(), folded, 1, 0.6)
    return f" (did you mean {folded[near[0]]}?)" if near else ""
