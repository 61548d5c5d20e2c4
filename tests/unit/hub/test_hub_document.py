"""docs/HUB.md has every command and every flag, as the program parses them."""

import argparse
from collections.abc import Iterator

from boxship.hub.commands.main import ROWS, parser
from support import sources

TEXT = (sources.ROOT / "docs" / "HUB.md").read_text()


def _flags(found: argparse.ArgumentParser) -> Iterator[str]:
    for action in found._actions:
        if isinstance(action, argparse._SubParsersAction):
            for member in action.choices.values():
                yield from _flags(member)
        elif action.help is not argparse.SUPPRESS:
            yield from (name for name in action.option_strings if name.startswith("--"))


def test_every_command_and_flag_is_described() -> None:
    commands = [" ".join(row.words) for row in ROWS]
    assert [name for name in commands if f"`hub {name}" not in TEXT] == []
    assert sorted({name for name in _flags(parser()) if name not in TEXT} - {"--help"}) == []
