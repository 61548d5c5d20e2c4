"""Patterns of ``${name#pattern}`` and its like: ``*``, ``?``, and what is literal.

Nothing is tried twice: a regular expression with several stars would take time without bound for
texts that somebody made for that.
"""

import re

from boxship.builder.dockerfile.budget import Budget

_ANY = ""


class ShellPattern:
    """Between two stars each piece has a length, so its first place is as good as any other."""

    def __init__(self, pieces: list[list[str]], budget: Budget) -> None:
        """*pieces*: what is between the stars, as characters, "" for any."""
        self._raw = pieces
        self._budget = budget
        self._pieces = [re.compile(_expression(piece), re.DOTALL) for piece in pieces]
        self._lengths = [len(piece) for piece in pieces]

    @classmethod
    def parse(cls, text: str, escape: str, budget: Budget) -> "ShellPattern":
        pieces: list[list[str]] = [[]]
        at = 0
        while at < len(text):
            char = text[at]
            if char == "*":
                pieces.append([])
            elif char == escape and at + 1 < len(text):
                at += 1
                pieces[-1].append(text[at])
            else:
                pieces[-1].append(_ANY if char == "?" else char)
            at += 1
        return cls(pieces, budget)

    def cut_prefix(self, value: str, longest: bool) -> str:
        """*value* without the beginning that matches, if one does."""
        self._check(value)
        end = self._end(value, 0, longest)
        return value if end is None else value[end:]

    def cut_suffix(self, value: str, longest: bool) -> str:
        """*value* without the end that matches, if one does."""
        mirrored = ShellPattern([piece[::-1] for piece in reversed(self._raw)], self._budget)
        return mirrored.cut_prefix(value[::-1], longest)[::-1]

    def replace(self, value: str, other: str, every: bool) -> str:
        """*other* in place of the first, and longest, match, or of every one."""
        self._check(value)
        out: list[str] = []
        done = added = 0
        while (found := self._pieces[0].search(value, done)) is not None:
            end = self._end(value, found.start(), True)
            # Where this has no place for the rest, what is further on has none either.
            if end is None:
                break
            out += [value[done : found.start()], other]
            self._budget.grow(len(other), added)
            added += len(other)
            done = end
            if not every or end == len(value):
                break
        return "".join([*out, value[done:]])

    def _end(self, value: str, start: int, longest: bool) -> int | None:
        """Where a match that begins at *start* ends; None if there is none."""
        if self._pieces[0].match(value, start) is None:
            return None
        end = start + self._lengths[0]
        last = len(self._pieces) - 1
        for number in range(1, len(self._pieces)):
            if longest and number == last:
                return self._last(value, end)
            found = self._pieces[number].search(value, end)
            if found is None:
                return None
            end = found.end()
        return end

    def _last(self, value: str, start: int) -> int | None:
        """Where the last place of the last piece ends, from *start* on."""
        length = self._lengths[-1]
        for at in range(len(value) - length, start - 1, -1):
            if self._pieces[-1].match(value, at):
                return at + length
        return None

    def _check(self, value: str) -> None:
        self._budget.search(len(value) * (sum(self._lengths) + len(self._lengths)))


def _expression(piece: list[str]) -> str:
    return "".join("." if char == _ANY else re.escape(char) for char in piece)
