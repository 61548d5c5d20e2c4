"""Man pages: a page of section 1 for each command, made of the table that parses it (man(7))."""

from __future__ import annotations

import os

from boxship import __version__
from boxship.cli import table
from boxship.cli.main import GLOBAL_FLAGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boxship.cli.command import Command
    from boxship.cli.flags.flag import Flag

PROGRAM = "boxship.1"


def pages(commands: Iterable[tuple[table.Row, Command]]) -> dict[str, str]:
    """Return the text of each page by its file name."""
    found = sorted(commands, key=lambda pair: pair[0].spelling)
    result = {PROGRAM: _program([row for row, _ in found])}
    for row, command in found:
        result[file_name(row.spelling)] = _page(row, command)
    return result


def file_name(spelling: str) -> str:
    """Return the file of a command's page: ``man boxship-image-prune`` finds it."""
    return f"boxship-{spelling.replace(' ', '-')}.1"


def write(directory: str, texts: dict[str, str]) -> None:
    """Write *texts* to *directory* and remove the pages of commands that are gone."""
    os.makedirs(directory, exist_ok=True)
    for name in os.listdir(directory):
        ours = name == PROGRAM or name.startswith("boxship-")
        if ours and name.endswith(".1") and name not in texts:
            os.unlink(f"{directory}/{name}")
    for name, text in texts.items():
        with open(f"{directory}/{name}", "w", encoding="utf-8") as file:
            file.write(text)


def _program(rows: Sequence[table.Row]) -> str:
    lines = _head("boxship", "a container engine that Docker's clients can use")
    lines += [".B boxship", "[OPTIONS] COMMAND [ARGUMENT...]", ".SH COMMANDS"]
    for row in rows:
        lines += [".TP", f".B {escaped(row.spelling)}", escaped(f"{row.summary}.")]
    return "\n".join([*lines, *_flags(GLOBAL_FLAGS), ""])


def _page(row: table.Row, command: Command) -> str:
    name = f"boxship {row.spelling}"
    lines = _head(name.replace(" ", "-"), row.summary)
    lines += (
        [f".B {escaped(name)}", escaped(command.usage)]
        if command.usage
        else [f".B {escaped(name)}"]
    )
    lines += [".SH DESCRIPTION", escaped(f"{row.summary}.")]
    if len(row.spellings) > 1:
        others = ", ".join(f"boxship {other}" for other in row.spellings[1:])
        lines += [".PP", escaped(f"Also: {others}")]
    if command.notes:
        lines += [".PP", ".nf", *map(escaped, command.notes.splitlines()), ".fi"]
    lines += _flags(command.flags)
    return "\n".join([*lines, ".SH SEE ALSO", ".BR boxship (1)", ""])


def _head(name: str, summary: str) -> list[str]:
    title = escaped(name.upper())
    return [
        f'.TH "{title}" 1 "" "Boxship {__version__}" "Boxship manual"',
        ".SH NAME",
        f"{escaped(name)} \\- {escaped(summary[:1].lower() + summary[1:])}",
        ".SH SYNOPSIS",
    ]


def _flags(flags: Sequence[Flag]) -> list[str]:
    shown = sorted((flag for flag in flags if not flag.hidden), key=lambda flag: flag.name)
    lines = [".SH OPTIONS"] if shown else []
    for flag in shown:
        names = [f"-{flag.short}"] if flag.short else []
        names += [f"--{name}" for name in (flag.name, *flag.aliases)]
        text = flag.summary
        if flag.default not in (None, "", False, 0):
            text += f" (default {'on' if flag.default is True else flag.default})"
        lines += [".TP", f".B {escaped(', '.join(names))} {escaped(flag.shows)}".rstrip()]
        lines += [escaped(f"{text}.")]
    return lines


def escaped(text: str) -> str:
    """Return *text* as words of roff: no backslash, dash, quote or leading dot means anything."""
    text = text.replace("\\", "\\(rs").replace("-", "\\-").replace("'", "\\(aq")
    text = text.replace('"', "\\(dq")
    return f"\\&{text}" if text.startswith(".") else text
