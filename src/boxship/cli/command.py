"""What a command module offers: its usage, its flags, and the function that does it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.flags.flag import Flag

MANY = -1


class Command:
    """``run`` returns the exit code. ``least`` and ``most`` bound the positional arguments.

    ``interspersed``: flags may follow positional arguments (not where these are a command line).
    ``verbatim``: nothing is parsed here, every word is a positional argument.
    """

    __slots__ = ("flags", "interspersed", "least", "most", "notes", "run", "usage", "verbatim")

    def __init__(
        self,
        run: Callable[[App, Arguments], int],
        usage: str,
        flags: Sequence[Flag] = (),
        *,
        least: int = 0,
        most: int = 0,
        interspersed: bool = True,
        notes: str = "",
        verbatim: bool = False,
    ) -> None:
        self.run = run
        self.usage = usage
        self.flags = flags
        self.least = least
        self.most = most
        self.interspersed = interspersed
        self.notes = notes
        self.verbatim = verbatim

    def wrong_count(self, count: int) -> str:
        """What is wrong with *count* positional arguments, or ""."""
        if self.least <= count and (self.most == MANY or count <= self.most):
            return ""
        if self.most == 0:
            return "accepts no arguments"
        if self.least == self.most:
            return f"requires exactly {_arguments(self.least)}"
        if self.most == MANY:
            return f"requires at least {_arguments(self.least)}"
        if self.least == 0:
            return f"requires at most {_arguments(self.most)}"
        return f"requires at least {self.least} and at most {_arguments(self.most)}"


def _arguments(count: int) -> str:
    return f"{count} argument" if count == 1 else f"{count} arguments"
