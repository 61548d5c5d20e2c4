"""Usage texts, made of the tables that parsing uses. Imported only to show one."""

from __future__ import annotations

import shutil
import textwrap

from boxship.cli import table
from boxship.cli.suggest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boxship.cli.command import Command
    from boxship.cli.flags.flag import Flag

COMMON = ("run", "exec", "ps", "images", "version", "info")


def _width() -> int:
    return max(40, min(shutil.get_terminal_size((80, 24)).columns, 120))


def program_help(flags: Sequence[Flag]) -> str:
    listed = set(table.top_level())
    single = {names[0]: summary for _, summary, names in table.ROWS if names[0] in listed}
    aliases = sorted(name for name in single if name not in COMMON)
    return (
        "\nUsage:  boxship [OPTIONS] COMMAND\n\n"
        "A container engine that Docker's clients can talk to\n\n"
        f"Common Commands:\n{_listing((name, single[name]) for name in COMMON)}\n"
        f"Management Commands:\n{_listing(sorted(table.GROUPS.items()))}\n"
        f"Commands:\n{_listing((name, single[name]) for name in aliases)}\n"
        f"Global Options:\n{flag_listing(flags)}\n"
        "Run 'boxship COMMAND --help' for more information on a command.\n"
    )


def group_help(group: str) -> str:
    return (
        f"\nUsage:  boxship {group} COMMAND\n\n{table.GROUPS[group]}\n\n"
        f"Commands:\n{_listing(table.members(group))}\n"
        f"Run 'boxship {group} COMMAND --help' for more information on a command.\n"
    )


def short_help(row: table.Row, command: Command) -> str:
    """What follows a wrong number of arguments."""
    return (
        f"See 'boxship {row.spelling} --help'.\n\n"
        f"Usage:  boxship {row.spelling} {command.usage}".rstrip()
        + f"\n\n{row.summary}"
    )


def command_help(row: table.Row, command: Command) -> str:
    parts = [f"\nUsage:  boxship {row.spelling} {command.usage}".rstrip(), row.summary]
    if command.notes:
        parts.append(command.notes)
    if len(row.spellings) > 1:
        # Docker's order: the management forms first.
        listed = sorted(row.spellings, key=lambda name: " " not in name)
        names = ", ".join(f"boxship {name}" for name in listed)
        parts.append(f"Aliases:\n  {names}")
    if any(not flag.hidden for flag in command.flags):
        parts.append(f"Options:\n{flag_listing(command.flags)}".rstrip())
    return "\n\n".join(parts) + "\n"


def unknown_command(group: str, typed: str) -> str:
    known = [name for name, _ in table.members(group)] if group else table.top_level()
    near = nearest(typed, known)
    prefix = f"boxship {group}".strip()
    text = f"boxship: '{f'{group} {typed}'.strip()}' is not a boxship command."
    if near:
        text += f"\nDid you mean '{prefix} {near}'?"
    return f"{text}\nSee '{prefix} --help'"


def _listing(rows: Iterable[tuple[str, str]]) -> str:
    rows = list(rows)
    width = max(len(name) for name, _ in rows)
    return "".join(f"  {name:<{width}}   {summary}\n" for name, summary in rows)


def flag_listing(flags: Sequence[Flag]) -> str:
    shown = sorted((flag for flag in flags if not flag.hidden), key=lambda flag: flag.name)
    heads = [_head(flag) for flag in shown]
    column = max(map(len, heads), default=0) + 3
    lines: list[str] = []
    for flag, head in zip(shown, heads, strict=True):
        wrapped = textwrap.wrap(_summary(flag), max(20, _width() - column)) or [""]
        lines.append(f"{head:<{column}}{wrapped[0]}")
        lines += [" " * column + line for line in wrapped[1:]]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _head(flag: Flag) -> str:
    short = f"-{flag.short}, " if flag.short else "    "
    return f"  {short}--{flag.name} {flag.shows}".rstrip()


def _summary(flag: Flag) -> str:
    if flag.default in (None, "", False, 0, []):
        return flag.summary
    shown = f'"{flag.default}"' if isinstance(flag.default, str) else str(flag.default).lower()
    return f"{flag.summary} (default {shown})"
