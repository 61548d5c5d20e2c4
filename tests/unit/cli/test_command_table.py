"""The table of commands, their help, and what is said of mistyped ones."""

import importlib
from pathlib import Path

import pytest

from boxship.cli import commands, table
from boxship.cli.command import Command
from boxship.cli.main import main
from boxship.cli.suggest import nearest

MODULES = [module for module, _, _ in table.ROWS]


def test_every_row_has_its_module_and_every_module_its_row() -> None:
    files = {path.stem for path in Path(commands.__path__[0]).glob("*.py")} - {"__init__"}
    assert files == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_commands_are_complete(module: str) -> None:
    command = importlib.import_module(f"boxship.cli.commands.{module}").COMMAND
    assert isinstance(command, Command)
    names = [name for flag in command.flags for name in (flag.name, *flag.aliases)]
    shorts = [flag.short for flag in command.flags if flag.short]
    assert sorted(names) == sorted(set(names)) and sorted(shorts) == sorted(set(shorts))
    assert all(flag.summary for flag in command.flags)


# These take every word as it is: daemon and hub have flags of their own, completion asks for flags.
VERBATIM = ("daemon", "hub", "complete")
SPELLINGS = [name for module, _, names in table.ROWS for name in names if module not in VERBATIM]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_help_of_every_spelling(spelling: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*spelling.split(), "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"\nUsage:  boxship {spelling}")
    row = table.find(spelling)
    assert row is not None and row.summary in out


def test_help_of_program_and_group(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "\n  run " in capsys.readouterr().out
    assert main(["container", "--help"]) == 0
    assert "\n  ls " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["rnu"], 1, "Did you mean 'boxship run'?"),
        (["container", "lst"], 1, "Did you mean 'boxship container ls'?"),
        (["xyzzy"], 1, "boxship: 'xyzzy' is not a boxship command."),
        (["ps", "--al"], 125, "Did you mean --all?"),
        (["ps", "--al"], 125, "See 'boxship ps --help'."),
        (["--hots", "x"], 125, "unknown flag: --hots"),
        (["run"], 1, '"boxship run" requires at least 1 argument.'),
        (["ps", "x"], 1, '"boxship ps" accepts no arguments.'),
        (["tag", "a"], 1, '"boxship tag" requires exactly 2 arguments.'),
        (["images", "a", "b"], 1, '"boxship images" requires at most 1 argument.'),
        (["commit", "a", "b", "c"], 1, "requires at least 1 and at most 2 arguments."),
    ],
)
def test_wrong_command_lines(
    words: list[str], code: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == code
    assert text in capsys.readouterr().err


def test_hidden_commands_are_not_listed(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["system", "--help"]):
        assert main(words) == 0
    out = capsys.readouterr().out
    assert "__complete" not in out and "dial-stdio" not in out


def test_nothing_far_away_is_suggested() -> None:
    assert nearest("frobnicate", ["run", "ps", "images"]) == ""
    assert nearest("iamges", ["run", "ps", "images"]) == "images"


def test_an_unreachable_daemon(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-H", "unix:///nowhere/x", "ps"]) == 1
    assert "Cannot connect to the Boxship daemon at unix:///nowhere/x." in capsys.readouterr().err
    assert main(["-H", "unix:///nowhere/x", "run", "busybox"]) == 125
