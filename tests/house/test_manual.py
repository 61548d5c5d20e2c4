"""The manual has every command and every flag, as the program parses them."""

import pytest

from boxship.cli import manual, table
from boxship.cli.main import GLOBAL_FLAGS, load
from support import sources

DIRECTORY = sources.ROOT / "docs" / "manual"
ROWS = [row for row in table.ROWS if row[2][0] not in table.HIDDEN]


def test_the_manual_is_up_to_date() -> None:
    written = {path.name: path.read_text() for path in DIRECTORY.glob("*.md")}
    assert written == manual.pages(), "run: make manual"


@pytest.mark.parametrize(("module", "summary", "spellings"), ROWS)
def test_every_command_and_flag_has_its_entry(
    module: str, summary: str, spellings: tuple[str, ...]
) -> None:
    page = (DIRECTORY / manual.page_name(spellings[0])).read_text()
    assert summary in page and all(f"boxship {spelling}" in page for spelling in spellings)
    flags = [flag for flag in load(module).flags if not flag.hidden]
    names = [f"`--{name}`" for flag in flags for name in (flag.name, *flag.aliases)]
    names += [f"`-{flag.short}`" for flag in flags if flag.short]
    assert [name for name in names if name not in page] == []


def test_the_index_has_every_command_and_the_programs_own_flags() -> None:
    page = (DIRECTORY / manual.INDEX).read_text()
    assert [names[0] for _, _, names in ROWS if f"[`{names[0]}`]" not in page] == []
    assert [flag.name for flag in GLOBAL_FLAGS if f"`--{flag.name}`" not in page] == []
