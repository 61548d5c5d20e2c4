"""From the words before the cursor to what may stand there."""

from __future__ import annotations

from boxship.cli import table
from boxship.cli.completion.kinds import FIXED, POSITIONAL, VALUES
from boxship.cli.completion.live import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boxship.cli.app import App
    from boxship.cli.command import Command
    from boxship.cli.flags.flag import Flag

    Found = list[tuple[str, str]]
    Load = Callable[[str], Command]

# Kinds that the shell completes by itself.
BY_SHELL = ("file", "directory", "program")


class Answer:
    """*found*: candidates and a word about each. *shell*: what the shell adds, "" for nothing."""

    __slots__ = ("found", "shell")

    def __init__(self, found: Found, shell: str = "") -> None:
        self.found = found
        self.shell = shell


def answer(
    app_of: Callable[[list[str]], App],
    load: Load,
    global_flags: Sequence[Flag],
    words: list[str],
) -> Answer:
    """*words* without the program's name, the last one perhaps unfinished or empty.

    *app_of* makes an App of the global flags that were typed.
    """
    *before, last = words or [""]
    scan = _Scan(global_flags, before, stop_at_positional=True)
    app = app_of(before[: scan.consumed])
    if scan.rest is None:
        found = _after_flags(app, scan, last, global_flags, "")
        return found or _narrowed(_commands(""), last)
    return _narrow(_in_command(app, load, scan.rest, last), last)


def _in_command(app: App, load: Load, before: list[str], last: str) -> Answer:
    group = before[0] in table.GROUPS
    if group and len(before) == 1:
        return Answer(_commands(before[0]))
    row = table.find(" ".join(before[:2]) if group else before[0])
    if row is None:
        return Answer([])
    command = load(row.module)
    words = before[2 if group else 1 :]
    scan = _Scan(command.flags, words, stop_at_positional=not command.interspersed)
    found = _after_flags(app, scan, last, command.flags, row.module)
    return found or _positional(app, row.module, scan.positional)


def _positional(app: App, module: str, position: int) -> Answer:
    kinds = POSITIONAL.get(module, ("",))
    return _of_kind(app, kinds[min(position, len(kinds) - 1)])


def _of_kind(app: App, kind: str) -> Answer:
    if kind in BY_SHELL:
        return Answer([], kind)
    if kind == "path":
        return Answer([(f"{name}:", about) for name, about in names(app, "container")], "file")
    if kind in FIXED:
        return Answer([(value, "") for value in FIXED[kind]])
    return Answer(names(app, kind))


def _after_flags(
    app: App, scan: _Scan, last: str, flags: Sequence[Flag], module: str
) -> Answer | None:
    """The value of a flag, or the flags themselves; None where neither can stand."""
    if scan.awaiting is not None:
        return _narrow(_value(app, scan.awaiting, module), last)
    if scan.ended or not last.startswith("-"):
        return None
    name, equals, typed = last.removeprefix("--").partition("=")
    if equals:
        flag = next((flag for flag in flags if flag.name == name), None)
        answer = _narrow(_value(app, flag, module), typed) if flag else Answer([])
        found = [(f"--{name}={value}", about) for value, about in answer.found]
        return Answer(found, answer.shell)
    return _narrow(Answer(_flags(flags)), last)


def _value(app: App, flag: Flag, module: str) -> Answer:
    # "container create --name", but "--restart" and "--attach" are the same everywhere.
    if flag.name in FIXED:
        return Answer([(value, "") for value in FIXED[flag.name]])
    if flag.name == "volume":
        return Answer([(f"{name}:", "") for name, _ in names(app, "volume")], "file")
    return _of_kind(app, VALUES.get(flag.name, ""))


def _flags(flags: Sequence[Flag]) -> Found:
    shown = [(f"--{flag.name}", flag.summary) for flag in flags if not flag.hidden]
    return [*sorted(shown), ("--help", "Show what this command does")]


def _commands(group: str) -> Found:
    if group:
        return table.members(group)
    single = [
        (spelling, summary)
        for _, summary, spellings in table.ROWS
        for spelling in spellings
        if spelling in table.top_level()
    ]
    return sorted([*single, *table.GROUPS.items()])


def _narrow(answer: Answer, typed: str) -> Answer:
    return Answer([item for item in answer.found if item[0].startswith(typed)], answer.shell)


def _narrowed(found: Found, typed: str) -> Answer:
    return _narrow(Answer(found), typed)


class _Scan:
    """Which flags the finished words hold, in the parser's own rules but without its errors.

    ``awaiting``: the last word is a flag that wants a value. ``rest``: from the first positional
    argument on, where that ends the flags. ``ended``: no flag may follow.
    """

    def __init__(
        self, flags: Sequence[Flag], words: list[str], *, stop_at_positional: bool
    ) -> None:
        self._long = {name: flag for flag in flags for name in (flag.name, *flag.aliases)}
        self._short = {flag.short: flag for flag in flags if flag.short}
        self.awaiting: Flag | None = None
        self.positional = 0
        self.rest: list[str] | None = None
        self.ended = False
        self.consumed = 0
        for position, word in enumerate(words):
            self.consumed = position
            if not self._take(word) and stop_at_positional:
                self.rest, self.ended = words[position:], True
                self.positional = len(self.rest)
                return
        self.consumed = len(words) - (self.awaiting is not None)

    def _take(self, word: str) -> bool:
        """False for a positional argument."""
        if self.awaiting is not None:
            self.awaiting = None
        elif self.ended or not word.startswith("-") or word == "-":
            self.positional += 1
            return False
        elif word == "--":
            self.ended = True
        elif word.startswith("--"):
            name, equals, _ = word[2:].partition("=")
            self._expect(self._long.get(name), bool(equals))
        else:
            self._letters(word[1:])
        return True

    def _letters(self, letters: str) -> None:
        for position, letter in enumerate(letters):
            flag = self._short.get(letter)
            if flag is None or flag.takes_value:
                self._expect(flag, position + 1 < len(letters))
                return

    def _expect(self, flag: Flag | None, has_value: bool) -> None:
        if flag is not None and flag.takes_value and not has_value:
            self.awaiting = flag
