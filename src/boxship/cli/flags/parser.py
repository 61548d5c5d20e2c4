"""Docker's flag syntax (that of Go's pflag): ``--a=b``, ``--a b``, ``-it``, ``-eKEY``, ``--``."""

from __future__ import annotations

from boxship.cli.errors import UsageError
from boxship.cli.flags.arguments import Arguments
from boxship.cli.flags.kinds import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boxship.cli.flags.flag import Flag


class HelpWanted(Exception):
    """``--help`` was given: nothing else counts."""


def parse(flags: Sequence[Flag], argv: Sequence[str], *, interspersed: bool = True) -> Arguments:
    """*argv* by *flags*; without *interspersed*, the first positional argument ends the flags.

    :class:`UsageError` with Docker's text; :class:`HelpWanted`.
    """
    parser = _Parser(flags, list(argv), interspersed)
    parser.run()
    defaults = {flag.name: flag.default for flag in flags}
    return Arguments(parser.values, defaults, parser.positional)


class _Parser:
    def __init__(self, flags: Sequence[Flag], argv: list[str], interspersed: bool) -> None:
        self.long = {name: flag for flag in flags for name in (flag.name, *flag.aliases)}
        self.short = {flag.short: flag for flag in flags if flag.short}
        self.argv = argv
        self.interspersed = interspersed
        self.values: dict[str, object] = {}
        self.positional: list[str] = []

    def run(self) -> None:
        while self.argv:
            word = self.argv.pop(0)
            if word == "--":
                self.positional += self.argv
                return
            if word.startswith("--"):
                self.take_long(word)
            elif word.startswith("-") and word != "-":
                self.take_short(word)
            else:
                self.positional.append(word)
                if not self.interspersed:
                    self.positional += self.argv
                    return

    def take_long(self, word: str) -> None:
        name, equals, value = word[2:].partition("=")
        if not name or name.startswith(("-", "=")):
            raise UsageError(f"bad flag syntax: {word}")
        flag = self.long.get(name)
        if flag is None:
            if name == "help":
                raise HelpWanted
            raise UsageError(f"unknown flag: --{name}", unknown=f"--{name}", known=self.names())
        if equals:
            self.set(flag, value)
        elif not flag.takes_value:
            self.set(flag, "true")
        elif self.argv:
            self.set(flag, self.argv.pop(0))
        else:
            raise UsageError(f"flag needs an argument: --{name}")

    def take_short(self, word: str) -> None:
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            flag = self.short.get(letter)
            if flag is None:
                if letter == "h":
                    raise HelpWanted
                raise UsageError(f"unknown shorthand flag: {letter!r} in -{letter}{letters}")
            if not flag.takes_value and not letters.startswith("="):
                self.set(flag, "true")
                continue
            self.set(flag, self.short_value(letter, letters, word))
            return

    def short_value(self, letter: str, letters: str, word: str) -> str:
        if letters:
            return letters.removeprefix("=")
        if not self.argv:
            raise UsageError(f"flag needs an argument: {letter!r} in {word}")
        return self.argv.pop(0)

    def set(self, flag: Flag, text: str) -> None:
        try:
            value = (flag.parse or KINDS[flag.kind])(text)
        except ValueError as error:
            raise UsageError(
                f'invalid argument "{text}" for "{flag.shown()}" flag: {error}'
            ) from None
        if flag.repeats:
            earlier = self.values.setdefault(flag.name, [])
            assert isinstance(earlier, list)
            earlier.append(value)
        else:
            self.values[flag.name] = value

    def names(self) -> list[str]:
        return [f"--{name}" for name, flag in self.long.items() if not flag.hidden]
