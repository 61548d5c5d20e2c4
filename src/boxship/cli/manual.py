"""The manual: a page for each command, made of the table that parses it.

``python -m boxship.cli.manual DIRECTORY`` writes all pages, and removes those of commands that
are gone; ``python -m boxship.cli.manual --man DIRECTORY`` does so with man pages.
"""

from __future__ import annotations

import os
import sys

from boxship.cli import table
from boxship.cli.main import GLOBAL_FLAGS, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boxship.cli.command import Command
    from boxship.cli.flags.flag import Flag

INDEX = "README.md"

# Commands that parse nothing here.
_ELSEWHERE = {
    "daemon": "Its flags are those of the daemon: `boxship daemon --help`.",
    "hub": "Its commands and flags are in [The hub](../HUB.md), and in `boxship hub --help`.",
}


def pages() -> dict[str, str]:
    """File name to text, the index among them."""
    found = {INDEX: _index()}
    for row in _rows():
        found[page_name(row.spelling)] = _page(row, load(row.module))
    return found


def page_name(spelling: str) -> str:
    return spelling.replace(" ", "-") + ".md"


def _rows() -> Iterator[table.Row]:
    for module, summary, spellings in table.ROWS:
        if spellings[0] not in table.HIDDEN:
            yield table.Row(module, summary, spellings, spellings[0])


def _index() -> str:
    lines = [
        "# The commands of boxship",
        "",
        "Made by `make manual` from the table that parses the command line.",
        "",
        "| Command | |",
        "|---|---|",
    ]
    rows = sorted(_rows(), key=lambda row: row.spelling)
    lines += [f"| [`{row.spelling}`]({page_name(row.spelling)}) | {row.summary} |" for row in rows]
    lines += ["", "## Flags of the program", "", "They stand before the command.", ""]
    return "\n".join([*lines, *_flags(GLOBAL_FLAGS)]) + "\n"


def _page(row: table.Row, command: Command) -> str:
    lines = [f"# boxship {row.spelling}", "", f"{row.summary}.", "", "```"]
    lines += [f"boxship {row.spelling} {command.usage}".rstrip(), "```"]
    if len(row.spellings) > 1:
        names = ", ".join(f"`boxship {name}`" for name in row.spellings[1:])
        lines += ["", f"Also: {names}"]
    if command.notes:
        lines += ["", "```", command.notes, "```"]
    if row.module in _ELSEWHERE:
        lines += ["", _ELSEWHERE[row.module]]
    flags = _flags(command.flags)
    if flags:
        lines += ["", "## Flags", "", *flags]
    return "\n".join(lines) + "\n"


def _flags(flags: Sequence[Flag]) -> list[str]:
    shown = sorted((flag for flag in flags if not flag.hidden), key=lambda flag: flag.name)
    if not shown:
        return []
    return ["| Flag | Value | |", "|---|---|---|", *map(_flag, shown)]


def _flag(flag: Flag) -> str:
    names = [f"`-{flag.short}`"] if flag.short else []
    names += [f"`--{name}`" for name in (flag.name, *flag.aliases)]
    text = flag.summary.replace("|", "\\|")
    if flag.default not in (None, "", False, 0):
        shown = "on" if flag.default is True else f"`{flag.default}`"
        text += f" (default {shown})"
    return f"| {', '.join(names)} | {flag.shows.replace('|', chr(92) + '|')} | {text} |"


def write(directory: str) -> None:
    wanted = pages()
    os.makedirs(directory, exist_ok=True)
    for name in os.listdir(directory):
        if name.endswith(".md") and name not in wanted:
            os.unlink(f"{directory}/{name}")
    for name, text in wanted.items():
        with open(f"{directory}/{name}", "w", encoding="utf-8") as file:
            file.write(text)


def write_man(directory: str) -> None:
    from boxship.cli import man

    man.write(directory, man.pages((row, load(row.module)) for row in _rows()))


if __name__ == "__main__":
    if sys.argv[1] == "--man":
        write_man(sys.argv[2])
    else:
        write(sys.argv[1])
