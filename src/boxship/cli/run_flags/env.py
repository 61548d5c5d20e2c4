"""Environment variables from flags, files and this process's own environment."""

from __future__ import annotations

import os

from boxship.cli.errors import Failed
from boxship.cli.flags.flag import many
from boxship.cli.run_flags.placed import Placed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body


def parse_variable(text: str) -> str:
    """``NAME=VALUE`` as it is; ``NAME`` alone takes its value from our environment, if it is there
    (the daemon removes a name that has none)."""
    name, equals, _ = text.partition("=")
    if not name:
        raise ValueError(f"invalid environment variable: {text}")
    if equals or name not in os.environ:
        return text
    return f"{name}={os.environ[name]}"


ENV = many("env", "Environment variable, NAME=VALUE or NAME", "e", parse=parse_variable)
ENV_FILE = many("env-file", "File with a variable on each line")
ROWS = (Placed(ENV), Placed(ENV_FILE))


def variables(arguments: Arguments) -> list[str]:
    """All variables; those of files come first, so that flags win."""
    found: list[str] = []
    for path in arguments.texts("env-file"):
        found += [line for line in map(_from_file, read_lines(path)) if line]
    return found + arguments.texts("env")


def apply(arguments: Arguments, body: Body) -> None:
    found = variables(arguments)
    if found:
        body["Env"] = found


def _from_file(line: str) -> str:
    """A name alone counts only if we have a value for it."""
    name, equals, _ = line.partition("=")
    if any(character.isspace() for character in name):
        raise Failed(f"poorly formatted environment: variable '{name}' contains whitespaces")
    if not name:
        raise Failed(f"poorly formatted environment: no variable name on line '{line}'")
    if equals:
        return line
    return f"{name}={os.environ[name]}" if name in os.environ else ""


def read_lines(path: str) -> list[str]:
    """The lines of a file that are neither empty nor comments, white space in front removed."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            lines = [line.rstrip("\n").lstrip() for line in file]
    except OSError as error:
        raise Failed(f"open {path}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise Failed(f"env file {path} contains invalid utf8 bytes") from error
    return [line for line in lines if line and not line.startswith("#")]
