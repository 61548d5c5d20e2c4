"""Man pages are made of the table of commands."""

import shutil
import subprocess
from pathlib import Path

import pytest

from boxship.cli import table
from boxship.cli.man import escaped
from boxship.cli.manual import write_man


def test_every_command_has_a_page_and_old_pages_go(tmp_path: Path) -> None:
    (tmp_path / "boxship-gone.1").write_text("")
    (tmp_path / "other.1").write_text("")
    write_man(str(tmp_path))
    names = {path.name for path in tmp_path.iterdir()}
    shown = {row[2][0] for row in table.ROWS} - set(table.HIDDEN)
    wanted = {f"boxship-{spelling.replace(' ', '-')}.1" for spelling in shown}
    assert names == {*wanted, "boxship.1", "other.1"}
    text = (tmp_path / "boxship-image-prune.1").read_text()
    assert "\\-\\-filter" in text


def test_text_is_escaped() -> None:
    assert escaped("-a '.b' \\") == "\\-a \\(aq.b\\(aq \\(rs"
    assert escaped(".x") == "\\&.x"


def test_groff_accepts_every_page(tmp_path: Path) -> None:
    if shutil.which("groff") is None:
        pytest.skip("needs groff")
    write_man(str(tmp_path))
    pages = sorted(str(path) for path in tmp_path.iterdir())
    done = subprocess.run(
        ["groff", "-man", "-Tascii", "-Kutf8", "-ww", *pages], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "boxship image prune" in done.stdout
