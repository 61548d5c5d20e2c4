"""Flags between an instruction and its arguments: ``--name=value`` or ``--name``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from boxship.builder.dockerfile.errors import DockerfileError, suggest

_BLANK = " \t\r\n\v\f"
_TRUE = ("", "true")


@dataclass(frozen=True, slots=True)
class Flag:
    """*value* is None for ``--name`` alone."""

    name: str
    value: str | None

    def __str__(self) -> str:
        return f"--{self.name}" if self.value is None else f"--{self.name}={self.value}"


def take_flags(text: str, escape: str = "\\") -> tuple[list[Flag], str]:
    """The flags that *text* begins with, quotes undone, and the rest."""
    flags: list[Flag] = []
    at = 0
    while True:
        while at < len(text) and text[at] in _BLANK:
            at += 1
        if not text.startswith("--", at):
            return flags, text[at:]
        word, end = _word(text, at, escape)
        if word == "--":
            return flags, text[end:]
        name, equals, value = word[2:].partition("=")
        flags.append(Flag(name, value if equals else None))
        at = end


def _word(text: str, at: int, escape: str) -> tuple[str, int]:
    out: list[str] = []
    quote = ""
    while at < len(text):
        char = text[at]
        if char == escape and quote != "'" and at + 1 < len(text):
            out.append(text[at + 1])
            at += 2
            continue
        if not quote and char in _BLANK:
            break
        if char == quote:
            quote = ""
        elif not quote and char in "\"'":
            quote = char
        else:
            out.append(char)
        at += 1
    return "".join(out), at


@dataclass(slots=True)
class FlagSet:
    """The flags of one instruction, each once but those that may repeat."""

    single: dict[str, str] = field(default_factory=dict)
    repeated: dict[str, list[str]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.single.get(name, "")

    def all(self, name: str) -> list[str]:
        return self.repeated.get(name, [])

    def on(self, name: str) -> bool:
        """A switch that was given and not turned off."""
        return self.single.get(name) == "true"


def read_flags(flags: Iterable[Flag], known: Mapping[str, str]) -> FlagSet:
    """*known*: names to ``text``, ``bool`` or ``list``. :class:`DockerfileError` otherwise."""
    found = FlagSet()
    for flag in flags:
        kind = known.get(flag.name)
        shown = str(flag)
        if kind is None:
            hint = suggest(flag.name, known)
            raise DockerfileError(f"unknown flag: --{flag.name}{hint}", token=f"--{flag.name}")
        if kind == "list":
            found.repeated.setdefault(flag.name, []).append(_required(flag))
            continue
        if flag.name in found.single:
            raise DockerfileError(f"duplicate flag specified: --{flag.name}", token=shown)
        found.single[flag.name] = _switch(flag) if kind == "bool" else _required(flag)
    return found


def _required(flag: Flag) -> str:
    if flag.value is None:
        raise DockerfileError(f"missing a value on flag: --{flag.name}", token=str(flag))
    return flag.value


def _switch(flag: Flag) -> str:
    value = (flag.value or "").lower()
    if value in _TRUE:
        return "true"
    if value == "false":
        return "false"
    message = f"expecting boolean value for flag --{flag.name}, not: {flag.value}"
    raise DockerfileError(message, token=str(flag))
