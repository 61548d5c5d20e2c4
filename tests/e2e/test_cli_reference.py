"""Every command, alias and flag that Docker's CLI documents, ours has too, or says here why not.

``docker COMMAND --help`` is read from the top down: the installed client is the reference.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from boxship.cli import table
from boxship.cli.main import GLOBAL_FLAGS, load
from support.requirements import require_tool

_SWARM = "there are no swarms; one machine is what Boxship looks after"
_PLUGINS = "plugins are programs in a format of dockerd's own"
_CHECKPOINTS = "an experiment of dockerd's that needs CRIU"
_TRUST = "Notary's signatures, which Docker retires"

# Commands and groups that ours has not.
NO_COMMAND = {
    "checkpoint": _CHECKPOINTS,
    "config": _SWARM,
    "node": _SWARM,
    "plugin": _PLUGINS,
    "secret": _SWARM,
    "service": _SWARM,
    "stack": _SWARM,
    "swarm": _SWARM,
    "trust": _TRUST,
    "volume update": _SWARM,
}

# Flags that ours has not, by the command's first spelling.
NO_FLAG = {
    "start": {"checkpoint": _CHECKPOINTS, "checkpoint-dir": _CHECKPOINTS},
    "volume create": dict.fromkeys(
        (
            "availability",
            "group",
            "limit-bytes",
            "required-bytes",
            "scope",
            "secret",
            "sharing",
            "topology-preferred",
            "topology-required",
            "type",
        ),
        _SWARM,
    ),
    "volume ls": {"cluster": _SWARM},
}

# Every command has it, in no table.
HELP = ("help", "")

# Those with an asterisk are plugins that happen to be installed.
_COMMAND = re.compile(r"  ([a-z][a-z-]*) ")
_FLAG = re.compile(r"\s+(?:-(\w), )?--([a-z0-9-]+)(?: |$)")


@dataclass(frozen=True)
class Page:
    """What one ``--help`` names: commands below, flags as (name, short), aliases."""

    words: tuple[str, ...]
    commands: tuple[str, ...]
    flags: tuple[tuple[str, str], ...]
    aliases: tuple[str, ...]

    @property
    def spelling(self) -> str:
        return " ".join(self.words)


def read(words: tuple[str, ...]) -> Page:
    done = subprocess.run(
        ["docker", *words, "--help"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "DOCKER_HOST": "unix:///nonexistent", "DOCKER_BUILDKIT": "0"},
    )
    section, commands, flags, aliases = "", [], [], []
    for line in done.stdout.splitlines():
        if re.match(r"\S.*:$", line):
            section = line
        elif "Commands" in section and (match := _COMMAND.match(line)):
            commands.append(match[1])
        elif "Options" in section and (match := _FLAG.match(line)):
            flags.append((match[2], match[1] or ""))
        elif section == "Aliases:" and line.strip():
            aliases += [alias.strip().removeprefix("docker ") for alias in line.split(",")]
    return Page(words, tuple(commands), tuple(flags), tuple(aliases))


def walk(words: tuple[str, ...] = ()) -> Iterator[Page]:
    if " ".join(words) in NO_COMMAND:
        return
    page = read(words)
    yield page
    for name in page.commands:
        yield from walk((*words, name))


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    require_tool("docker")
    return list(walk())


def own_flags(page: Page) -> set[tuple[str, str]]:
    flags = GLOBAL_FLAGS
    if page.words:
        row = table.find(page.spelling)
        assert row, page.spelling
        flags = tuple(load(row.module).flags)
    return {(name, flag.short) for flag in flags for name in (flag.name, *flag.aliases)} | {HELP}


def test_the_reference_was_read(pages: list[Page]) -> None:
    assert len(pages) > 100
    assert sum(len(page.flags) for page in pages) > 500


def test_every_command_and_alias_is_there(pages: list[Page]) -> None:
    names = {name for page in pages for name in (page.spelling, *page.aliases) if name}
    missing = {name for name in names if not table.find(name) and name not in table.GROUPS}
    assert missing == set()


def test_every_flag_is_there(pages: list[Page]) -> None:
    missing = [
        f"{page.spelling} --{name}"
        for page in pages
        if page.spelling not in table.GROUPS
        for name, short in sorted(set(page.flags) - own_flags(page))
        if name not in NO_FLAG.get(_first_spelling(page), {})
    ]
    assert missing == []


def _first_spelling(page: Page) -> str:
    row = table.find(page.spelling)
    return row.spellings[0] if row else ""


def test_no_exception_is_out_of_date() -> None:
    """What has come since is no exception any more."""
    assert [name for name in NO_COMMAND if table.find(name) or name in table.GROUPS] == []
    for spelling, names in NO_FLAG.items():
        row = table.find(spelling)
        assert row
        assert names.keys() & {flag.name for flag in load(row.module).flags} == set()
